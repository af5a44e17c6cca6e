import type { Simulator } from '@llm-proxy-auth/simulators';
import { chunk, role, sse } from './answers.ts';

const begun = sse(role, chunk({ content: 'Hel' }));
const rest = sse(chunk({ content: 'lo' }), chunk({}, 'stop'), '[DONE]');

export interface HeldStream {
  go(): void;
  /** All of it, once it has ended. */
  whole(): Promise<string>;
}
/** Opens a stream of `path` that stands still after its first piece until `go`. */
export const heldStream = async (simulator: Simulator, url: string, path: string, authorization: string): Promise<HeldStream> => {
  let go = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    go = resolve;
  });
  simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: begun + rest, stall: { at: begun.length, until } });
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('no body');
  let text = new TextDecoder().decode((await reader.read()).value);
  const whole = async (): Promise<string> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += new TextDecoder().decode(value);
    }
  };
  return { go, whole };
};
