// A certified OpenID Connect provider on loopback: node oidc_provider.mjs PORT REDIRECT_URI. Says "ready" when it listens.
import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const people = { ida: ["desk", "everybody"], otto: ["everybody"] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "amends", client_secret: "a secret of the tests", redirect_uris: [redirect] }],
  scopes: ["openid", "profile", "email", "groups"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"], groups: ["groups"] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `${id[0].toUpperCase()}${id.slice(1)} Identity`,
      preferred_username: id,
      email: `${id}@example.org`,
      email_verified: true,
      groups: people[id] ?? [],
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
