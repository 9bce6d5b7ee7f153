"""The models of a tenant, as django-scim2 wants them."""
