// Logs in with a key and a one-time code, calls a model with the session, exchanges the session for a new one, and logs out.
import { createInterface } from 'node:readline/promises';

const { GATEWAY_URL = 'http://127.0.0.1:8080', API_KEY = '', INSTANCE = 'openai', MODEL = 'gpt-4o-mini' } = process.env;

interface Session {
  readonly session_token: string;
  readonly expires_in: number;
}
const send = async <T>(path: string, headers: Readonly<Record<string, string>>, body?: object): Promise<T> => {
  const answer = await fetch(`${GATEWAY_URL}${path}`, {
    method: 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${answer.headers.get('x-lpa-code') ?? ''}`);
  return (await answer.json()) as T;
};
const codeOfApp = async (): Promise<string> => {
  if (process.env.TOTP_CODE !== undefined) return process.env.TOTP_CODE;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const code = await terminal.question('The code that your app shows now: ');
  terminal.close();
  return code.trim();
};
const withSession = ({ session_token }: Session) => ({ 'x-session-token': session_token });
const chat = async (session: Session): Promise<string> => {
  const body = { model: MODEL, messages: [{ role: 'user', content: 'Why is the sky blue?' }] };
  const reply = await send<{ choices: { message: { content: string } }[] }>(`/openai/${INSTANCE}/v1/chat/completions`, withSession(session), body);
  return reply.choices[0]?.message.content ?? '';
};

// The code is used up by this; the session needs none.
const first = await send<Session>('/auth/login', {}, { api_key: API_KEY, totp_code: await codeOfApp() });
console.log(`logged in for ${Math.round(first.expires_in / 60)} minutes`);
console.log(`chat: ${await chat(first)}`);

const second = await send<Session>('/auth/refresh', withSession(first));
console.log(`refreshed: ${second.session_token !== first.session_token ? 'another token' : 'the same token'}`);
console.log(`chat: ${await chat(second)}`);

await send('/auth/logout', withSession(second));
const after = await chat(second).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
console.log(`after logging out: ${after}`);
