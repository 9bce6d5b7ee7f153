// An OpenID provider with three clients, for `cargo xtask e2e oidc`.
//
// usage: node provider.mjs FOLDER_WITH_NODE_MODULES PORT [REDIRECT_URI]
// The secret of a client is `secret-of-` and its id.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, redirect] = process.argv.slice(2);
const library = join(modules, 'node_modules', 'oidc-provider', 'lib', 'index.js');
const { default: Provider } = await import(pathToFileURL(library));

const REDIRECT_URI = redirect ?? 'http://127.0.0.1:9/callback';

function client(id, authentication, grants, scope) {
  const withCode = grants.includes('authorization_code');
  return {
    client_id: id,
    client_secret: `secret-of-${id}`,
    token_endpoint_auth_method: authentication,
    grant_types: grants,
    scope,
    response_types: withCode ? ['code'] : [],
    redirect_uris: withCode ? [REDIRECT_URI] : [],
  };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    client('person', 'client_secret_post', ['authorization_code', 'refresh_token'], 'openid api:read'),
    client('machine-basic', 'client_secret_basic', ['client_credentials'], 'api:read'),
    client('machine-body', 'client_secret_post', ['client_credentials'], 'api:read'),
  ],
  scopes: ['openid', 'api:read', 'api:write'],
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true } },
  pkce: { required: () => true, methods: ['S256'] },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
});

provider.listen(Number(port), '127.0.0.1');
