/** What went wrong, as a person reads it; `code` is the gateway's, empty where it did not answer. */
export class Refusal extends Error {
  name = 'Refusal';
  constructor(message, { code = '', status = 0, param } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.param = param;
  }
}
const UNREACHED = 'The gateway did not answer. Where a load balancer signs you in, its session may be over: reload the page.';

/** `authorization` for a user and password, or, without a user, for a key, a session or a token. */
export const authorizationOf = (user, secret) =>
  user === '' ? `Bearer ${secret}` : `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${secret}`)))}`;

const answerOf = async (response) => {
  try {
    return await response.json();
  } catch {
    throw new Refusal(UNREACHED, { status: response.status });
  }
};

/**
 * The administration of this origin. The credential lives in this closure alone and leaves it in one header; without one, what the
 * browser sends by itself decides: a load balancer's cookie or a client certificate.
 */
export const createGateway = (send = (...request) => fetch(...request)) => {
  let authorization;
  const ask = async (path, init) => {
    let response;
    try {
      const headers = { ...init.headers, ...(authorization === undefined ? {} : { authorization }) };
      response = await send(`/admin/v1/${path}`, { ...init, headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
    } catch {
      throw new Refusal(UNREACHED);
    }
    const answer = await answerOf(response);
    if (response.ok) return answer;
    const { message = UNREACHED, code = '', param } = answer?.error ?? {};
    throw new Refusal(message, { code, status: response.status, param: param ?? undefined });
  };
  return {
    signIn(user, secret) {
      authorization = authorizationOf(user, secret);
    },
    signOut() {
      authorization = undefined;
    },
    get signedIn() {
      return authorization !== undefined;
    },
    /** What the caller may run, as the gateway describes it. */
    operations: async () => (await ask('operations', { method: 'GET' })).operations,
    run: (name, input) => ask(encodeURIComponent(name), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) }),
  };
};
