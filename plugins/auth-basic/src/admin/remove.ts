import { Type } from 'typebox';
import { principalOf } from '../record.ts';
import { operation } from './operation.ts';
import { change, put, readActive, userView, viewOf } from './rows.ts';

export const remove = operation({
  name: 'users.remove',
  summary: 'Shuts a user out: here at once, in other processes within 5 s.',
  input: Type.Object({ name: Type.String({ minLength: 1, maxLength: 64, description: 'The user.' }) }, { additionalProperties: false }),
  output: Type.Object(userView),
  example: 'users remove alice',
  target: ({ name }) => name,
  run: async ({ input: { name }, host, bounds, parts }) =>
    await change(parts, host.store, async () => {
      const { record, version } = await readActive(host.store, name);
      bounds.touch(principalOf(record), record.createdBy);
      // The row stays: what the user owns goes by the name, which nobody else may get.
      const removed = { ...record, status: 'removed' as const, changedAt: host.now() };
      return { changes: [put(removed, version)], result: viewOf(removed) };
    }),
});
