import {
  asList,
  asNumber,
  asObject,
  type Building,
  type Call,
  type ChatReply,
  type Fields,
  GatewayError,
  type StreamReader,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { isReason } from '../finish.ts';
import { type Memo, NO_MEMO } from '../memo.ts';
import { GENERIC } from '../name.ts';
import { type Emit, type Format, readStream } from '../stream.ts';
import { readWhole } from '../whole.ts';
import { choiceReader } from './choice.ts';

const KNOWN: ReadonlySet<string> = new Set(['apiFormat', 'timeCreated', 'choices', 'usage', 'serviceTier']);
/** A whole answer in the format GENERIC. Throws `upstream_bad_response` when it is none. */
export const readGeneric = (reply: UpstreamReply, call: Call, memo: Memo | undefined): ChatReply =>
  readWhole(reply, call, {
    rest: GENERIC,
    known: KNOWN,
    tell({ choices }, answer, emit) {
      const list = asList(choices);
      if (list.length === 0) throw new GatewayError('upstream_bad_response', 'The provider answered without a choice.');
      list.forEach((wire, i) => {
        const c = asObject(wire) ?? {};
        const reader = choiceReader({ choice: asNumber(c.index) ?? i, answer, memo: memo ?? NO_MEMO, emit });
        reader.take(c);
        reader.close();
      });
    },
  });

const OF_ANSWER: ReadonlySet<string> = new Set(['apiFormat', 'modelId', 'modelVersion', 'timeCreated', 'serviceTier']);
/** The events of a stream are pieces of choices; what ends one may lack its index. */
const format = (call: Call, memo: Memo, emit: Emit): Format => {
  const choices = new Map<number, ReturnType<typeof choiceReader>>();
  const rest: Building = {};
  const of = (index: number): ReturnType<typeof choiceReader> => {
    const known = choices.get(index) ?? choiceReader({ choice: index, answer: call.id, memo, emit });
    choices.set(index, known);
    return known;
  };
  const open = (): readonly number[] => [...choices].filter(([, choice]) => !choice.finished()).map(([index]) => index);
  const isOfChoice = (event: Fields): boolean => event.message !== undefined || event.finishReason !== undefined || event.index !== undefined;
  return {
    rest: GENERIC,
    finished: () => choices.size > 0 && open().length === 0,
    left: () => rest,
    take(event) {
      const said = Object.entries(event).filter(([name]) => !OF_ANSWER.has(name));
      for (const [name, value] of Object.entries(event)) if (OF_ANSWER.has(name) && name !== 'apiFormat') rest[name] = value;
      const piece = Object.fromEntries(said);
      if (!isOfChoice(piece)) {
        Object.assign(rest, piece);
        return;
      }
      const index = asNumber(piece.index);
      const ends = index === undefined && isReason(piece.finishReason) && open().length > 1;
      for (const one of ends ? open() : [index ?? open()[0] ?? 0]) of(one).take(piece);
    },
  };
};
/** Reads a stream in the format GENERIC. */
export const readGenericStream = (call: Call, memo: Memo | undefined, emit: Emit): StreamReader =>
  readStream(call, emit, (to) => format(call, memo ?? NO_MEMO, to));
