"""The connector of conformance/bench-connector, on the Python reference. Both answer the same bytes."""

import typing

from connector import generated as wire
from connector.cli import run_integration
from connector.integration import CustomRequest, CustomResponse, DescriptionData, Integration
from connector.oai.capability import get_settings
from pydantic import BaseModel

GIVEN_NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Zoë", "Łukasz", "Margaret")
FAMILY_NAMES = ("Lovelace", "Hopper", "Turing", "Dijkstra", "O'Brien", "Núñez", "Hamilton")
DEPARTMENTS = ("Engineering", "Finance", "Legal", "Operations", "Sales")

Capability = wire.StandardCapabilityName


class BenchSettings(BaseModel):
    host: str
    account_count: int = 1000


class Echo(BaseModel):
    payload: typing.Any


integration = Integration(
    app_id="bench-connector",
    version="1.0.0",
    auth=wire.BasicCredential,
    settings_model=BenchSettings,
    exception_handlers=[],
    handle_errors=True,
    description_data=DescriptionData(
        user_friendly_name="Bench Connector",
        description="A connector that does no I/O of its own.",
        categories=[],
    ),
    entitlement_types=[
        wire.EntitlementType(type_id="ROLE", type_label="Role", resource_type_id="", min=0)
    ],
)


def rows(args) -> tuple[BenchSettings, range]:
    settings = get_settings(args, BenchSettings)
    size = args.page.size if args.page is not None else None
    return settings, range(settings.account_count if size is None else int(size))


@integration.register_capability(Capability.VALIDATE_CREDENTIALS)
async def validate_credentials(
    args: wire.ValidateCredentialsRequest,
) -> wire.ValidateCredentialsResponse:
    validated = wire.ValidatedCredentials(valid=True, unique_tenant_id="bench-tenant")
    return wire.ValidateCredentialsResponse(response=validated)


def account(number: int, host: str) -> wire.FoundAccountData:
    return wire.FoundAccountData(
        integration_specific_id=f"acct-{number:07d}",
        email=f"user{number:07d}@{host}",
        given_name=GIVEN_NAMES[number % 8],
        family_name=FAMILY_NAMES[number % 7],
        user_status=wire.AccountStatus.ACTIVE,
        custom_attributes={
            "department": DEPARTMENTS[number % 5],
            "cost_center": f"CC-{number % 97:03d}",
            "employee_number": str(100000 + number),
        },
    )


@integration.register_capability(Capability.LIST_ACCOUNTS)
async def list_accounts(args: wire.ListAccountsRequest) -> wire.ListAccountsResponse:
    settings, numbers = rows(args)
    return wire.ListAccountsResponse(response=[account(number, settings.host) for number in numbers])


def association(number: int) -> wire.FoundEntitlementAssociation:
    return wire.FoundEntitlementAssociation(
        account_id=f"acct-{number:07d}",
        integration_specific_entitlement_id=f"role-{number % 16:02d}",
        integration_specific_resource_id="",
    )


@integration.register_capability(Capability.FIND_ENTITLEMENT_ASSOCIATIONS)
async def find_entitlement_associations(
    args: wire.FindEntitlementAssociationsRequest,
) -> wire.FindEntitlementAssociationsResponse:
    _, numbers = rows(args)
    return wire.FindEntitlementAssociationsResponse(response=[association(number) for number in numbers])


@integration.register_custom_capability("echo_payload")
async def echo_payload(args: CustomRequest[Echo]) -> CustomResponse[Echo]:
    return CustomResponse[Echo](response=args.request)


def main() -> None:
    run_integration(integration)
