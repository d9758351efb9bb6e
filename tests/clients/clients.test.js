// The Admin API with third-party clients: graphql-request and Apollo Client with tokens of jose, gql with tokens of
// PyJWT. The operations are those of a portal that was made for Authgear.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { ClientError, GraphQLClient } from 'graphql-request';
import { SignJWT, exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { startApp } from '../browser/app.js';

const PATH = '/_api/admin/graphql';
const APP_ID = 'harbour';
const PASSWORD = 'seven-herons-walk-at-dawn';

const operation = (name) => readFileSync(new URL(`operations/${name}.graphql`, import.meta.url), 'utf8');

let app;
let privateKey;

before(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  privateKey = pair.privateKey;
  const jwk = {
    ...await exportJWK(pair.publicKey),
    kid: 'portal',
    keyback_scopes: ['users:read', 'users:write', 'users:delete', 'reset'],
  };
  app = await startApp({ jwt_jwks: JSON.stringify({ keys: [jwk] }), jwt_audience: APP_ID });
});
after(() => app?.stop());

/** As Authgear's documentation has it: five minutes from now, and no scope. */
function token(claims = {}) {
  return new SignJWT({ audit_context: { usage: 'clients.test.js' }, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'portal', typ: 'JWT' })
    .setAudience([APP_ID])
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(privateKey);
}

async function graphqlRequest() {
  const client = new GraphQLClient(app.origin + PATH, { headers: { authorization: `Bearer ${await token()}` } });
  return (name, variables) => client.request(operation(name), variables);
}

async function apollo() {
  const client = new ApolloClient({
    link: new HttpLink({ uri: app.origin + PATH, headers: { authorization: `Bearer ${await token()}` } }),
    cache: new InMemoryCache({ possibleTypes: { Node: ['User', 'Identity', 'Authenticator', 'Session', 'Role', 'Group'] } }),
  });
  return async (name, variables) => {
    const document = gql(operation(name));
    const isQuery = document.definitions.some((definition) => definition.operation === 'query');
    const { data } = isQuery
      ? await client.query({ query: document, variables, fetchPolicy: 'network-only' })
      : await client.mutate({ mutation: document, variables });
    return data;
  };
}

/** Everything that a portal does with a user, by `run`, which sends an operation. */
async function liveOf(run, email) {
  const identityDefinition = { key: 'email', value: email };
  const { createUser } = await run('createUserMutation', { identityDefinition, password: null });
  const userID = createUser.user.id;
  const users = await run('UsersListQuery', { searchKeyword: email, pageSize: 10, groupKeys: [], roleKeys: [] });
  assert.deepEqual(users.users.edges.map(({ node }) => node.id), [userID]);
  const passwords = (payload) => payload.user.authenticators.edges.map(({ node }) => node);

  const generated = await run('resetPasswordMutation', { userID, password: '', sendPassword: true, setPasswordExpired: true });
  const [temporary] = passwords(generated.resetPassword);
  assert.ok(new Date(temporary.expireAfter) <= new Date());
  const mail = await app.mails.next(email);
  assert.ok(await app.signsIn(email, mail.password));

  const typed = await run('resetPasswordMutation', { userID, password: PASSWORD });
  assert.equal(passwords(typed.resetPassword)[0].expireAfter, null);
  const expired = await run('setPasswordExpired', { userID, expired: true });
  assert.notEqual(passwords(expired.setPasswordExpired)[0].expireAfter, null);

  const disabled = await run('setDisabledStatusMutation', { userID, isDisabled: true, reason: 'left' });
  assert.equal(disabled.setDisabledStatus.user.disableReason, 'left');
  const { node } = await run('userQuery', { userID });
  assert.equal(node.__typename, 'User');
  assert.equal(node.isDisabled, true);
  assert.equal(node.standardAttributes.email, email);
  assert.equal(node.identities.edges[0].node.claims['https://authgear.com/claims/login_id/key'], 'email');
  await run('setDisabledStatusMutation', { userID, isDisabled: false });

  const ended = await run('revokeAllSessionsMutation', { userID });
  assert.deepEqual(ended.revokeAllSessions.user.sessions.edges, []);
  const unlocked = await run('resetAccountLockoutMutation', { userID });
  assert.equal(unlocked.resetAccountLockout.user.accountLockout.isLocked, false);
  const reminded = await run('sendResetPasswordMessage', { loginID: email });
  assert.equal(reminded.sendResetPasswordMessage, null);
  const deleted = await run('deleteUserMutation', { userID });
  assert.equal(deleted.deleteUser.deletedUserID, userID);
}

test('graphql-request does with a user all that a portal does', async () => {
  await liveOf(await graphqlRequest(), 'ann@example.test');
});

test('Apollo Client does with a user all that a portal does', async () => {
  await liveOf(await apollo(), 'bob@example.test');
});

test('what is refused reaches the clients in their own form', async () => {
  const run = await graphqlRequest();
  const identityDefinition = { key: 'email', value: 'cid@example.test' };
  await assert.rejects(run('createUserMutation', { identityDefinition, password: 'short' }), (error) => {
    assert.ok(error instanceof ClientError);
    const { errorName, reason, info } = error.response.errors[0].extensions;
    assert.deepEqual([errorName, reason], ['Invalid', 'PasswordPolicyViolated']);
    assert.deepEqual(info.causes[0], { Name: 'PasswordTooShort', Info: { min_length: 8, pw_length: 5 } });
    return true;
  });
  await assert.rejects((await apollo())('deleteUserMutation', { userID: 'garbage' }), (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    assert.equal(error.errors[0].message, 'invalid user ID');
    return true;
  });
  const stranger = new GraphQLClient(app.origin + PATH, { headers: { authorization: 'Bearer none' } });
  await assert.rejects(stranger.request('{ users { totalCount } }'), (error) => {
    assert.equal(error.response.status, 403);
    assert.equal(error.response.body ?? 'Forbidden', 'Forbidden');
    return true;
  });
});

test('gql does with a user all that a portal does', async () => {
  const python = process.env.KEYBACK_CLIENTS_PYTHON;
  assert.ok(python, 'scripts/client-tests sets KEYBACK_CLIENTS_PYTHON');
  const script = new URL('portal.py', import.meta.url).pathname;
  const environment = {
    ...process.env,
    ENDPOINT: app.origin + PATH,
    APP_ID,
    PRIVATE_KEY: await exportPKCS8(privateKey),
  };
  const { stdout } = await promisify(execFile)(python, [script], { env: environment });
  assert.match(stdout, /^done$/mu);
  const mail = await app.mails.next('eve@example.test');
  assert.ok(mail.password);
});

test('the events of a mutation name the key and what the token says of its bearer', async () => {
  const answer = await fetch(`${app.origin}/v1/admin/events?limit=1`, { headers: { authorization: `Bearer ${app.key}` } });
  const { events: [event] } = await answer.json();
  assert.equal(event.actor.id, 'portal');
  assert.ok(event.actor.audit_context.usage);
});
