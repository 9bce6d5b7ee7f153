"""A connector on the Python reference with a single credential: people, teams and who is in which.

The caller's side is tested against it (`cargo xtask e2e connection`), as a program and as a server.
"""

from connector import generated as wire
from connector.cli import run_integration
from connector.integration import DescriptionData, Integration
from connector.oai.capability import get_basic_auth, get_page, get_settings
from connector.oai.errors import AuthenticationError, InvalidPageTokenError
from connector.utils.pagination import PaginationBase, create_next_page_token
from pydantic import BaseModel

Capability = wire.StandardCapabilityName
PAGE_SIZE = 100
TEAMS = 7


class PeopleSettings(BaseModel):
    host: str
    account_count: int = 25


class Position(PaginationBase):
    offset: int


PageToken = create_next_page_token(Position, "PageToken")

integration = Integration(
    app_id="people",
    version="1.4.0",
    auth=wire.BasicCredential,
    settings_model=PeopleSettings,
    exception_handlers=[],
    description_data=DescriptionData(
        user_friendly_name="People", description="People and their teams.", categories=[]
    ),
    resource_types=[wire.ResourceType(type_id="team", type_label="Team")],
    entitlement_types=[
        wire.EntitlementType(type_id="member", type_label="Member", resource_type_id="team", min=0)
    ],
)


def settings(args) -> PeopleSettings:
    if get_basic_auth(args).password == "wrong-password":
        raise AuthenticationError(message="The password wrong-password is not accepted")
    return get_settings(args, PeopleSettings)


def part(args, endpoint: str, count: int):
    """The numbers on the requested page, and the next page."""
    page = get_page(args)
    size = page.size if page.size is not None and page.size > 0 else PAGE_SIZE
    positions = PageToken(token=page.token).paginations()
    offset = positions[0].offset if positions else 0
    if positions and positions[0].endpoint != endpoint:
        raise InvalidPageTokenError()
    end = min(offset + size, count)
    following = [Position(endpoint=endpoint, offset=end)] if end < count else []
    return range(offset, end), PageToken.from_paginations(following).to_page(size)


@integration.register_capability(Capability.VALIDATE_CREDENTIALS)
async def validate_credentials(args: wire.ValidateCredentialsRequest) -> wire.ValidateCredentialsResponse:
    validated = wire.ValidatedCredentials(valid=True, unique_tenant_id=settings(args).host)
    return wire.ValidateCredentialsResponse(response=validated)


@integration.register_capability(Capability.LIST_ACCOUNTS)
async def list_accounts(args: wire.ListAccountsRequest) -> wire.ListAccountsResponse:
    host = settings(args).host
    numbers, page = part(args, "accounts", settings(args).account_count)
    accounts = [
        wire.FoundAccountData(
            integration_specific_id=f"person-{number:06d}",
            email=f"person{number}@{host}",
            given_name="Zoë" if number % 3 == 0 else "Ada",
            family_name=f"Person {number}",
            user_status=wire.AccountStatus.ACTIVE,
            extra_data={"number": number, "share": number / 4},
        )
        for number in numbers
    ]
    return wire.ListAccountsResponse(response=accounts, page=page)


@integration.register_capability(Capability.LIST_RESOURCES)
async def list_resources(args: wire.ListResourcesRequest) -> wire.ListResourcesResponse:
    settings(args)
    numbers, page = part(args, "resources", TEAMS)
    teams = [
        wire.FoundResourceData(
            integration_specific_id=f"team-{number}", label=f"Team {number}", resource_type="team"
        )
        for number in numbers
    ]
    return wire.ListResourcesResponse(response=teams, page=page)


@integration.register_capability(Capability.LIST_ENTITLEMENTS)
async def list_entitlements(args: wire.ListEntitlementsRequest) -> wire.ListEntitlementsResponse:
    settings(args)
    numbers, page = part(args, "entitlements", TEAMS)
    members = [
        wire.FoundEntitlementData(
            entitlement_type="member",
            integration_specific_id="member",
            integration_specific_resource_id=f"team-{number}",
            is_assignable=True,
            label=f"Member of team {number}",
        )
        for number in numbers
    ]
    return wire.ListEntitlementsResponse(response=members, page=page)


@integration.register_capability(Capability.FIND_ENTITLEMENT_ASSOCIATIONS)
async def find_entitlement_associations(
    args: wire.FindEntitlementAssociationsRequest,
) -> wire.FindEntitlementAssociationsResponse:
    numbers, page = part(args, "associations", settings(args).account_count)
    associations = [
        wire.FoundEntitlementAssociation(
            account_id=f"person-{number:06d}",
            integration_specific_entitlement_id="member",
            integration_specific_resource_id=f"team-{number % TEAMS}",
        )
        for number in numbers
    ]
    return wire.FindEntitlementAssociationsResponse(response=associations, page=page)


if __name__ == "__main__":
    run_integration(integration)
