import { type AdminOperation, GatewayError } from '@llm-proxy-auth/plugin';
import { allRows, isoOf, operations } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { readSession, SESSIONS, type SessionRecord } from './record.ts';
import { endSession } from './sessions.ts';

const operation = operations(() => undefined, 'admin');
const Session = Type.Object(
  {
    id: Type.String(),
    principal: Type.String(),
    strategy: Type.String(),
    credential: Type.String(),
    createdAt: Type.String(),
    expiresAt: Type.String(),
    usedAt: Type.String({ description: 'Up to ten minutes old.' }),
  },
  { additionalProperties: false },
);
const shown = ({ id, principal, strategy, credential, createdAt, expiresAt, usedAt }: SessionRecord) => ({
  id,
  principal,
  strategy,
  credential,
  createdAt: isoOf(createdAt),
  expiresAt: isoOf(expiresAt),
  usedAt: isoOf(usedAt),
});
const principal = Type.String({ minLength: 1, maxLength: 512, description: 'Principal, such as `key:ci`.' });

export const SESSION_OPERATIONS: readonly AdminOperation[] = Object.freeze([
  operation({
    name: 'sessions.list',
    summary: 'Sessions that have not expired; never their tokens.',
    reads: true,
    input: Type.Object({ principal: Type.Optional(principal) }, { additionalProperties: false }),
    output: Type.Object({ sessions: Type.Array(Session) }, { additionalProperties: false }),
    example: 'sessions list --principal key:ci',
    target: (input) => input.principal ?? '',
    async run({ input, host }) {
      const now = host.now();
      const all = await allRows(host.store, SESSIONS, (id, value) => readSession({ value, version: 0 }, id)?.record);
      const open = all.filter((r) => r !== undefined && r.expiresAt > now && (input.principal === undefined || r.principal === input.principal));
      return { sessions: open.flatMap((r) => (r === undefined ? [] : [shown(r)])) };
    },
  }),
  operation({
    name: 'sessions.revoke',
    summary: 'Ends a session, or all of a principal: here at once, in other processes within 5 s.',
    input: Type.Object(
      { session: Type.String({ minLength: 1, maxLength: 512, description: 'Id, or a principal for all of its sessions.' }) },
      { additionalProperties: false },
    ),
    output: Type.Object({ revoked: Type.Array(Type.String(), { description: 'Ids of those that are ended.' }) }, { additionalProperties: false }),
    example: 'sessions revoke key:ci',
    target: (input) => input.session,
    async run({ input: { session }, host }) {
      const all = await allRows(host.store, SESSIONS, (id, value) => ({ id, principal: readSession({ value, version: 0 }, id)?.record.principal }));
      const meant = all.filter((row) => row.id === session || row.principal === session);
      if (meant.length === 0) throw new GatewayError('session_not_found', 'There is no such session; `sessions list` shows those there are.');
      for (const { id } of meant) await endSession(host, id);
      return { revoked: meant.map(({ id }) => id) };
    },
  }),
]);
