import {
  asText,
  type Call,
  type ChatEvent,
  type ErrorLike,
  type Fields,
  GatewayError,
  isGatewayError,
  lostTo,
  parseJson,
  type StreamReader,
  some,
} from '@llm-proxy-auth/plugin';
import { answerObject, candidatesOf, errorIn } from '../candidates.ts';
import { withForm } from '../form.ts';
import { readErrorObject } from '../read-error.ts';
import { loseKinds, mergeUsage, readTraffic, readUsage } from '../usage.ts';
import { GENERATE } from '../wire.ts';
import { loseAround } from './beyond.ts';
import { callNames } from './call-names.ts';
import { type Memo, OWN } from './memo.ts';
import { OpenCandidate, refusalEvents } from './open-candidate.ts';
import { answerRest, blockedWith, createdOf, exactTime, isBlocked } from './reply.ts';

type Emit = (e: ChatEvent) => void;
/**
 * Reads a stream of answers, in server-sent events or as elements of one array. There is no last event: the stream is whole when the
 * transport ends and the last piece of each candidate said why it ended, or the prompt was refused.
 */
export class AnswerReader implements StreamReader {
  readonly #call: Call;
  readonly #memo: Memo;
  readonly #emit: Emit;
  readonly #candidates = new Map<number, OpenCandidate>();
  #model = '';
  #started = false;
  #over = false;
  #blocked = false;
  #usage: Fields | undefined;
  #rest: Fields = {};

  constructor(call: Call, memo: Memo | undefined, emit: Emit) {
    this.#call = call;
    this.#memo = memo ?? OWN;
    this.#emit = emit;
  }
  event(_type: string, data: string): void {
    if (this.#over) return;
    this.#guarded(() => {
      const parsed = parseJson(data);
      const told = errorIn(parsed);
      if (told !== undefined) return this.#fail(readErrorObject(told));
      const o = answerObject(parsed);
      if (o === undefined) throw new GatewayError('upstream_bad_response', 'The provider sent an event that is no object.');
      this.#take(o);
    });
  }
  end(): void {
    if (this.#over) return;
    const whole = this.#candidates.size > 0 ? [...this.#candidates.values()].every(({ finished }) => finished) : this.#blocked;
    if (!whole) return this.#fail(new GatewayError('upstream_stream_truncated', 'The provider ended the stream before it finished its answer.'));
    this.#guarded(() => this.#finish());
  }
  #guarded(work: () => void): void {
    try {
      work();
    } catch (failure) {
      const known = isGatewayError(failure) && failure.code === 'upstream_bad_response';
      this.#fail(known ? failure : new GatewayError('upstream_bad_response', 'The provider sent an event that cannot be read.', { cause: failure }));
    }
  }
  #fail(error: ErrorLike): void {
    this.#over = true;
    this.#emit({ type: 'error', error });
  }
  #take(o: Fields): void {
    this.#start(o);
    this.#usage = mergeUsage(this.#usage, o.usageMetadata);
    this.#rest = { ...this.#rest, ...answerRest(o) };
    this.#blocked ||= isBlocked(o);
    for (const [index, candidate] of candidatesOf(o)) this.#candidate(index).take(candidate);
  }
  #start(o: Fields): void {
    if (this.#started) return;
    this.#started = true;
    this.#model = asText(o.modelVersion) || this.#call.model;
    const id = asText(o.responseId) || this.#call.id;
    this.#emit({
      type: 'start',
      id,
      model: this.#model,
      ...some('created', createdOf(o)),
      ...some('tier', readTraffic(o.usageMetadata)),
      rest: { from: GENERATE, fields: exactTime(o) },
    });
  }
  #candidate(index: number): OpenCandidate {
    const known = this.#candidates.get(index);
    if (known !== undefined) return known;
    const mark = index === 0 ? `call_${this.#call.id}` : `call_${this.#call.id}_${index}`;
    const made = new OpenCandidate(index, this.#model, callNames(mark), this.#memo, lostTo(this.#call.ledger), this.#emit);
    this.#candidates.set(index, made);
    return made;
  }
  /** The same as of a whole answer. */
  #around(): void {
    loseAround(this.#rest, lostTo(this.#call.ledger));
    loseKinds(this.#usage, lostTo(this.#call.ledger));
    const refused = this.#candidates.size > 0 ? undefined : blockedWith(this.#rest);
    if (refused !== undefined) for (const e of refusalEvents(0, refused)) this.#emit(e);
  }
  #finish(): void {
    for (const candidate of this.#candidates.values()) candidate.close();
    if (!this.#memo.mine) this.#around();
    if (this.#candidates.size === 0) this.#emit(withForm({ type: 'finish', choice: 0, reason: 'filter' } as const, { blocked: true }));
    const usage = readUsage(this.#usage);
    if (usage !== undefined) this.#emit({ type: 'usage', usage });
    this.#over = true;
    this.#emit({ type: 'end', ...(Object.keys(this.#rest).length > 0 ? { rest: { from: GENERATE, fields: this.#rest } } : {}) });
  }
}
