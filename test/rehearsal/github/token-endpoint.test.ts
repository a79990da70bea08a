import { afterEach, beforeEach, expect, it } from 'vitest';
import { readWebIdentity } from '../../../rehearsal/aws/web-identity.ts';
import { startTokenEndpoint, type TokenEndpoint } from '../../../rehearsal/github/token-endpoint.ts';
import { TokenIssuer } from '../../../rehearsal/github/token-issuer.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const clock = new ManualClock();
const issuer = new TokenIssuer(clock);
let endpoint: TokenEndpoint;
beforeEach(async () => void (endpoint = await startTokenEndpoint(issuer)));
afterEach(() => endpoint.close());

const job = { repository: 'acme@1/web@2', ref: 'refs/heads/main' };
const ask = (url: string, token: string) => fetch(url, { headers: { authorization: `bearer ${token}` } });

it('gives a job a token for whom it asks, signed by GitHub', async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
    endpoint.environmentOf(job);
  const response = await ask(`${url}&audience=sts.amazonaws.com`, token);
  const { value } = (await response.json()) as { value: string };
  expect(readWebIdentity(value, [issuer], clock.now())).toEqual({
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'sts.amazonaws.com',
    subject: 'repo:acme@1/web@2:ref:refs/heads/main',
  });
  const claims = JSON.parse(Buffer.from(value.split('.')[1]!, 'base64url').toString()) as object;
  expect(claims).toMatchObject({ repository: 'acme/web', repository_owner: 'acme', ref: 'refs/heads/main' });
});

it('is for the owner’s own use unless an audience is asked for', async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
    endpoint.environmentOf(job);
  const { value } = (await (await ask(url, token)).json()) as { value: string };
  expect(readWebIdentity(value, [issuer], clock.now()).audience).toBe('https://github.com/acme');
});

it('gives nothing to who is no job', async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url } = endpoint.environmentOf(job);
  expect((await ask(url, 'guess')).status).toBe(401);
});
