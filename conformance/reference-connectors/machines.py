"""A connector on the Python reference with several credentials: machine accounts, their keys, and when they were used.

The caller's side is tested against it (`cargo xtask e2e connection`), as a program and as a server.
"""

from connector import generated as wire
from connector.cli import run_integration
from connector.integration import DescriptionData, Integration, SecretField
from connector.oai.capability import get_credential, get_page, get_settings
from connector.utils.pagination import PaginationBase, create_next_page_token
from connector_sdk_types.oai.modules.credentials_module_types import AuthModel, CredentialConfig
from pydantic import BaseModel

Capability = wire.StandardCapabilityName
PAGE_SIZE = 50
MACHINES = 120


class MachinesSettings(BaseModel):
    region: str
    signing_pin: str = SecretField(title="Signing PIN")


class Position(PaginationBase):
    after: str


PageToken = create_next_page_token(Position, "PageToken")

integration = Integration(
    app_id="machines",
    version="0.3.1",
    credentials=[
        CredentialConfig(id="api", type=AuthModel.TOKEN, description="The token of the API."),
        CredentialConfig(id="console", type=AuthModel.BASIC, description="A login.", optional=True),
    ],
    settings_model=MachinesSettings,
    exception_handlers=[],
    description_data=DescriptionData(
        user_friendly_name="Machines", description="Accounts that no person uses.", categories=[]
    ),
)

NAMES = [f"machine-{number:04d}" for number in range(MACHINES)]


def part(args):
    """The names on the requested page, by key, and the next page."""
    get_settings(args, MachinesSettings)
    get_credential(args, "api", wire.TokenCredential)
    page = get_page(args)
    size = page.size if page.size is not None and page.size > 0 else PAGE_SIZE
    positions = PageToken(token=page.token).paginations()
    after = positions[0].after if positions else ""
    rest = [name for name in NAMES if name > after]
    names = rest[:size]
    following = [Position(endpoint="machines", after=names[-1])] if len(rest) > size else []
    return names, PageToken.from_paginations(following).to_page(size)


@integration.register_capability(Capability.VALIDATE_CREDENTIALS)
async def validate_credentials(args: wire.ValidateCredentialsRequest) -> wire.ValidateCredentialsResponse:
    region = get_settings(args, MachinesSettings).region
    validated = wire.ValidatedCredentials(valid=True, unique_tenant_id=f"machines-{region}")
    return wire.ValidateCredentialsResponse(response=validated)


@integration.register_capability(Capability.LIST_NON_HUMAN_ACCOUNTS)
async def list_non_human_accounts(
    args: wire.ListNonHumanAccountsRequest,
) -> wire.ListNonHumanAccountsResponse:
    names, page = part(args)
    accounts = [
        wire.NonHumanAccount(
            resource_id=name,
            id=name,
            label=name.title(),
            workload_name="batch",
            workload_id="w-1",
            type="service",
            status=wire.AccountStatus.ACTIVE,
        )
        for name in names
    ]
    return wire.ListNonHumanAccountsResponse(response=accounts, page=page)


@integration.register_capability(Capability.LIST_CREDENTIALS)
async def list_credentials(args: wire.ListCredentialsRequest) -> wire.ListCredentialsResponse:
    names, page = part(args)
    keys = [
        wire.Credential(
            resource_id=f"key-of-{name}",
            external_id=f"key-of-{name}",
            label=f"Key of {name}",
            credential_type="api_key",
            grants_access_to_non_human_account_id=name,
        )
        for name in names
    ]
    return wire.ListCredentialsResponse(response=keys, page=page)


@integration.register_capability(Capability.GET_NON_HUMAN_ACCOUNT_LAST_ACTIVITY)
async def get_non_human_account_last_activity(
    args: wire.GetNonHumanAccountLastActivityRequest,
) -> wire.GetNonHumanAccountLastActivityResponse:
    activity = [
        wire.NonHumanAccountLastActivity(
            non_human_account_id=name,
            event_type=wire.ActivityEventType.LAST_LOGIN,
            happened_at="2024-05-06T07:08:09Z",
        )
        for name in part(args)[0]
    ]
    return wire.GetNonHumanAccountLastActivityResponse(response=activity)


if __name__ == "__main__":
    run_integration(integration)
