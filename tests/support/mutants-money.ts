import type { Edit, Mutant } from './mutants.ts';

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });
const core = (file: string, from: string, to: string): Edit => edit(`packages/core/src/${file}`, from, to);
const of = (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: 'tests/limits-and-budgets.test.ts', named });

const LIMITS = 'call/limits.ts';
const reserved = (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: 'tests/reservations.test.ts', named });
const unanswered = (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({
  rule,
  edits,
  test: 'tests/charged-unanswered.test.ts',
  named,
});
const breaking = (rule: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: 'tests/breaker.test.ts', named });
const counted = (rule: string, from: string): Mutant => ({
  rule,
  edits: [edit('packages/plugin/src/memory-counters.ts', from, '')],
  test: 'packages/contract-tests/test/counters.test.ts',
  named: 'a good subject keeps every rule',
});
/** Rules of limits and budgets, and of providers that fail. */
export const money: readonly Mutant[] = [
  {
    rule: 'a budget that counters in memory forget is told',
    edits: [core('runtime.ts', 'warnForgotten(graph);', '')],
    test: 'tests/forgotten-budgets.test.ts',
    named: 'is told at the start, by check and by doctor',
  },
  counted('a clock that is behind empties no rate', ' || (found.start > now && found.start - now <= LATE_MS)'),
  counted('a clock that is behind empties no budget', ' || (found.ends > ends && ends - now <= LATE_MS)'),
  breaking(
    'a provider that fails is left alone',
    '/openai/main is 503 at once',
    core('call/call.ts', 'if (broken === undefined || this.#leftOut', 'if (true || this.#leftOut'),
  ),
  breaking('a provider that has too much to do is none that fails', '529 is no failure', core('call/faults.ts', ' && status !== 529', '')),
  breaking(
    'at most half of the targets is left out',
    'half of the targets',
    core('routing/breaker.ts', 'Math.max(1, Math.floor(candidates / 2))', 'candidates'),
  ),
  of(
    'output is reserved',
    'tokens are reserved before and settled after',
    core(LIMITS, 'Math.ceil(each * Math.min(bounds.choices, MOST_OUTPUT)) : 0', '0 : 0'),
  ),
  of('each answer that is wanted is reserved', 'what is larger than the whole limit', core(LIMITS, 'Math.min(bounds.choices, MOST_OUTPUT)', '1')),
  of('the dearest candidate is reserved', 'the dearest candidate is what is reserved', core(LIMITS, 'Math.max(...prices.map', 'Math.min(...prices.map')),
  of(
    'what has no price is not served under a budget',
    'a model without a price',
    core('access/claims.ts', "if (cost === undefined && !shadow && unpriced === 'deny')", 'if (false)'),
  ),
  of('a budget that observes never refuses', 'a budget that observes', core('access/claims.ts', "const shadow = mode === 'observe';", 'const shadow = false;')),
  of('a budget refuses', 'A131 budget race', core('access/claims.ts', "const shadow = mode === 'observe';", 'const shadow = true;')),
  of('what was used replaces what was reserved', 'a budget pays for what was used', core('call/reckon.ts', 'actualOf(x.reserved, x.usage, cost)', '[]')),
  of(
    'an answer without usage is charged',
    'an answer without usage is charged by the estimate',
    core('call/reckon.ts', 'if (!broken && x.status === 0) return undefined;', 'if (!broken) return undefined;'),
  ),
  of(
    'a broken stream is charged its reservation',
    'a stream left at its first words',
    core('call/reckon.ts', 'Math.max(estimate.output, streamed(x))', 'streamed(x)'),
  ),
  of(
    'what came without usage is charged beyond the reservation',
    'a whole stream that says no usage',
    core('call/reckon.ts', 'Math.max(estimate.output, streamed(x))', 'estimate.output'),
  ),
  of(
    'usage within a broken stream is not its last word',
    'usage that a provider says before the end',
    core('call/reckon.ts', 'if (usage !== undefined && !broken) return usage;', 'if (usage !== undefined) return usage;'),
  ),
  of('text of few large events is counted', 'a stream that is cut, left, or failed', core('call/reckon.ts', 'FRAMING_BYTES = 256', 'FRAMING_BYTES = 1e9')),
  of('a broken stream is paid at the reserved price', 'a stream left without its usage', core('call/reckon.ts', '(x.estimate?.cost ?? 0) : 0', '0 : 0')),
  of('a refused stream costs nothing', 'a refused stream', core('call/reckon.ts', 'if (x.status >= 300 && !unanswered) return usage;', '')),
  unanswered(
    'a call that was given up is charged',
    'a stream without a head in time',
    core('call/reckon.ts', '(x.status >= 300 && !unanswered)', '(x.status >= 300)'),
  ),
  unanswered(
    'what never reached its provider costs nothing',
    'a connection that never came to be',
    core('call/dispatch.ts', 'this.#begun && this.#status', 'this.#status'),
  ),
  unanswered('an error instead of an answer costs nothing', 'a refusal by status', core('call/dispatch.ts', ' && this.#status < 300;', ';')),
  unanswered('parts that were answered are paid for', 'parts that were answered', core('call/operate.ts', 'x.usage = usageOf([...replies, read]);', '')),
  unanswered(
    'parts of another target are paid for',
    'parts of a target are paid',
    core('call/operate.ts', 'if (x.usage !== undefined) giveUpParts(x, candidate);', ''),
  ),
  of(
    'a stream that was heard to its end costs what was used',
    'the usage of a stream that was heard',
    core('call/reply/relay.ts', "x.stream && verdict?.complete === true ? 'complete' : 'client'", "'client'"),
  ),
  of(
    'an endless answer in the background has no price',
    'an answer made in the background',
    core(LIMITS, 'const endless = bounds.later &&', 'const endless = false &&'),
  ),
  of(
    'whatever may start paid work needs a price',
    'work that is kept',
    core(LIMITS, '&& reach.free !== true', "&& (reach.class === 'inference' || reach.modelElsewhere === true)"),
  ),
  of('what is free needs no price', 'work that is kept', core(LIMITS, '&& reach.free !== true', '')),
  of(
    'a body that does not fit the head is measured',
    'a large body is measured before it goes out',
    core('call/transparent.ts', '|| explained || measured ||', '|| explained ||'),
  ),
  of(
    'a settled call frees what it did not use',
    'what the provider refuses costs nothing',
    edit('packages/plugin/src/memory-counters.ts', 'if (used !== undefined) correct(', 'if (false) correct('),
  ),
  of(
    'a budget ends with its window',
    'a budget that is used up begins anew',
    core('access/window.ts', "if (window === 'day') return now - (now % DAY) + DAY;", "if (window === 'day') return now - (now % DAY) + 2 * DAY;"),
  ),
  reserved('each prompt of a list is answered, and reserved', 'A131 a list of prompts: each', core('call/governed.ts', ' * Math.max(prompts, 1),', ',')),
  reserved(
    'a prompt in tokens is one',
    'one prompt is one, in tokens or however long',
    edit('packages/plugin/src/json/scan.ts', 'const isNumber = c === 45 || (c >= 48 && c <= 57);', 'const isNumber = false;'),
  ),
  reserved(
    'a prompt is as long as it likes',
    'one prompt is one, in tokens or however long',
    edit(
      'packages/plugin/src/json/scan.ts',
      'const plain = this.#matched === undefined || this.#lists.includes(this.#matched.id);',
      'const plain = this.#matched === undefined;',
    ),
  ),
  reserved(
    'a number in quotes bounds an answer',
    'A131 a number in quotes',
    core('call/governed.ts', "if (value?.kind === 'string') return Number(value.text);", ''),
  ),
  reserved(
    'a form says how many answers it wants',
    'A131 images of a form',
    core('call/governed.ts', 'choices: largest(counts.map(', 'choices: largest(counts.slice(0, 0).map('),
  ),
  reserved(
    'images are reserved one by one',
    'A131 images: each answer is reserved',
    edit('plugins/dialect-openai/src/passing/surfaces.ts', "choices: [['n']], usual: IMAGE_TOKENS", 'usual: IMAGE_TOKENS'),
  ),
  reserved(
    'both spellings of Gemini bound an answer',
    'A131 both spellings of Gemini bound an answer: snake',
    edit('plugins/dialect-gemini/src/generate/surface.ts', "['generationConfig', 'generation_config']", "['generationConfig']"),
  ),
  reserved(
    'a body that cannot be read does not pass a limit',
    'A131 a body whose bounds nobody here can read',
    core('call/transparent.ts', ' || (measured && isBounded(surface)),', ','),
    core('call/intake.ts', '(unread && (measured || factsOf', '(unread && (false || factsOf'),
  ),
  reserved(
    'usage of an answer that passes is read',
    'protocol mode > what an answer that passes says of its usage is booked: images',
    core('call/reply/held.ts', 'if (verdict?.usage !== undefined) x.usage = verdict.usage;', ''),
  ),
  reserved(
    'usage of a stream that nobody asked for is read',
    'what an answer that passes says of its usage is booked: speech',
    core('call/answer-tap.ts', 'return tap === undefined ? undefined : wholeTap(tap, framing);', 'return undefined;'),
  ),
  {
    rule: 'a budget is its owner’s, whatever the key',
    edits: [core('access/claims.ts', 'return [`principal:${principal.owner}`];', 'return [`principal:${principal.credential}`];')],
    test: 'tests/budgets-of-keys.test.ts',
    named: 'A024 rotation',
  },
  {
    rule: 'what is too much is refused',
    edits: [core('gateway.ts', 'if (refused !== undefined) return fail(x, refused);', '')],
    test: 'tests/overload.test.ts',
    named: 'F56 five times what it may carry',
  },
  {
    rule: 'long input costs its own price',
    edits: [core('access/prices.ts', 'input > price.long.over ? price.long : price', 'input < 0 ? price.long : price')],
    test: 'tests/prices-of-providers.test.ts',
    named: 'Gemini at Vertex AI: long input costs another price',
  },
  {
    rule: 'what a model refuses is taken out',
    edits: [
      core(
        'call/translate.ts',
        'provider === client ? undefined : knownOf(x.instance, call.model).facts.rejects',
        'provider === client ? undefined : undefined',
      ),
    ],
    test: 'tests/model-facts.test.ts',
    named: 'what a model refuses is taken out',
  },
  {
    rule: 'what the configuration says that a model refuses stands in place of the data',
    edits: [core('call/translate.ts', 'return { like, rejects };', 'return { like };')],
    test: 'tests/model-facts.test.ts',
    named: 'the data says what it refuses, the configuration says otherwise',
  },
  {
    rule: 'a model that is like another can what that one can',
    edits: [core('routing/endpoints.ts', 'own === undefined || like === undefined', 'own === undefined || like !== undefined')],
    test: 'tests/model-facts.test.ts',
    named: 'what an endpoint can is that of the model it is like',
  },
  {
    rule: 'the place of an instance has its own prices',
    edits: [edit('packages/plugin/src/model-facts.ts', 'for (const place of places) {', 'for (const place of places.slice(0, 0)) {')],
    test: 'tests/prices-of-providers.test.ts',
    named: 'Claude at Vertex AI in a region costs a tenth more',
  },
  {
    rule: 'what Bedrock counts in the head of an answer is counted',
    edits: [core('call/answer-tap.ts', '(name) => textOf(head, name)', 'undefined')],
    test: 'tests/bedrock.test.ts',
    named: 'is counted by what mistral.mistral-large-2402-v1:0 says it used',
  },
  of(
    'a limit of tokens is told as one',
    'what the answer used is what counts',
    edit('plugins/dialect-openai/src/error.ts', "e.tokens === true ? 'tokens' : e.code", 'e.code'),
  ),
];
