import type { Mutant } from './mutants.ts';

/** Rules that hold when something is slow, stalls or is cut. */
export const faults: readonly Mutant[] = [
  {
    rule: 'writes wait for a checkpoint that is due',
    edits: [{ file: 'plugins/store-sqlite/src/checkpoints.ts', from: 'if (busy && waiting > AHEAD) hold();', to: '' }],
    test: 'plugins/store-sqlite/test/checkpoints-slow.test.ts',
    named: 'writes wait for a thread that gets no turn',
  },
  {
    rule: 'instances that are left alone are listed',
    edits: [{ file: 'packages/core/src/observe/probes.ts', from: "if (broken(instance)) states[instance.name] = 'degraded';\n        else if", to: 'if' }],
    test: 'tests/breaker.test.ts',
    named: '/openai/main is 503 at once',
  },
  {
    rule: 'pieces that follow one another closely are written together',
    edits: [{ file: 'packages/core/src/call/dispatch.ts', from: 'this.#lastRead - this.#deliveredAt < CLOSE_MS', to: 'this.#lastRead < this.#deliveredAt' }],
    test: 'packages/core/test/dispatch.test.ts',
    named: 'what comes right behind a piece waits for company',
  },
  {
    rule: 'a piece that comes alone is written at once',
    edits: [{ file: 'packages/core/src/call/dispatch.ts', from: 'this.#lastRead - this.#deliveredAt < CLOSE_MS', to: 'this.#lastRead >= this.#deliveredAt' }],
    test: 'packages/core/test/dispatch.test.ts',
    named: 'what comes right behind a piece waits for company',
  },
  {
    rule: 'much of an answer does not wait for the end of the turn',
    edits: [{ file: 'packages/core/src/call/dispatch.ts', from: 'if (this.#held < MUCH) this.#later();', to: 'if (this.#held > 0) this.#later();' }],
    test: 'packages/core/test/dispatch.test.ts',
    named: 'F06 what a fast provider sends in a turn',
  },
  {
    rule: 'what was read is copied out of the memory that is read into',
    edits: [
      {
        file: 'packages/core/src/call/reading.ts',
        from: 'read.copy(piece, 0, 0, size);\n  return piece;',
        to: 'return read.subarray(0, piece.length);',
      },
    ],
    test: 'packages/core/test/reading.test.ts',
    named: 'connections share the memory that is read into',
  },
  {
    rule: 'a connection that nobody reads is not read on',
    edits: [{ file: 'packages/core/src/call/reading.ts', from: 'return this.#socket.push(piece);', to: 'return this.#socket.push(piece) || true;' }],
    test: 'packages/core/test/reading.test.ts',
    named: 'F06 a connection that nobody reads',
  },
  {
    rule: 'a connection is not read while a piece of it waits for company',
    edits: [{ file: 'packages/core/src/call/reading.ts', from: 'soon(this);\n    return false;', to: 'soon(this);\n    return true;' }],
    test: 'packages/core/test/reading.test.ts',
    named: 'what follows a piece of the same answer',
  },
  {
    rule: 'what was held goes before what follows it',
    edits: [{ file: 'packages/core/src/call/reading.ts', from: 'Buffer.concat([held, piece])', to: 'Buffer.concat([piece, held])' }],
    test: 'packages/core/test/reading.test.ts',
    named: 'whoever asks for more gets what was held',
  },
  {
    rule: 'the answer to another request is not held up',
    edits: [{ file: 'packages/core/src/call/reading.ts', from: ' && asked === this.#asked', to: '' }],
    test: 'packages/core/test/reading.test.ts',
    named: 'what follows a piece of the same answer',
  },
  {
    rule: 'the end of a piped upload is no failure of the provider',
    edits: [{ file: 'packages/core/src/call/dispatch.ts', from: 'if (this.piped && (why', to: 'if (false && (why' }],
    test: 'packages/core/test/dispatch.test.ts',
    named: 'a client that breaks off the upload that is piped',
  },
];
