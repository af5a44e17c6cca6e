import type { Reporter, TestCase, TestModule } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    cell?: Cell;
  }
}
/** One client by one provider, tried in one respect. */
export interface Cell {
  readonly client: string;
  readonly provider: string;
  readonly trait: string;
  /** `yes`, `ledger: …` or `not offered: …`; undefined until it was found. */
  readonly found?: string | undefined;
}
/** Where a vendor says what it does not offer. */
const SOURCES: Readonly<Record<string, string>> = Object.freeze({
  'chat completions show no reasoning': 'https://platform.openai.com/docs/guides/reasoning',
  'watsonx.ai takes no documents': 'https://cloud.ibm.com/apidocs/watsonx-ai#text-chat',
  'watsonx.ai takes no reasoning back': 'https://cloud.ibm.com/apidocs/watsonx-ai#text-chat',
  'the format cannot force a tool': 'https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/datatypes/CohereChatRequest',
  'the format takes no image': 'https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/datatypes/CohereChatRequest',
  'the format takes documents of text alone': 'https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/datatypes/CohereChatRequest',
  'the model is held to no schema': 'https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html',
  'the model has no cache of prompts': 'https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html',
  'what is kept under a name is kept at Vertex AI': 'https://cloud.google.com/vertex-ai/generative-ai/docs/context-cache/context-cache-overview',
  'the model cannot be made to call a tool': 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html',
  'watsonx.ai tells no cached tokens': 'https://cloud.ibm.com/apidocs/watsonx-ai#text-chat',
});
const shownNote = (note: string): string => {
  const source = SOURCES[note.slice(note.indexOf(': ') + 2)];
  return source === undefined ? note : `${note} (${source})`;
};
/** Columns that stand side by side. */
const WIDE = 7;
const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];
const padded = (texts: readonly string[]): string =>
  texts
    .map((text, i) => text.padEnd(i === 0 ? 24 : 17))
    .join('')
    .trimEnd();

/** A table for each client, each note once below them all. A cell without a verdict failed. */
export const tableOf = (cells: readonly Cell[]): string => {
  const notes: string[] = [];
  const shown = (found: string | undefined): string => {
    if (found === undefined) return 'FAILED';
    if (found === 'yes') return found;
    if (!notes.includes(found)) notes.push(found);
    return `${found.slice(0, found.indexOf(':'))} [${notes.indexOf(found) + 1}]`;
  };
  const table = (client: string, own: readonly Cell[], providers: readonly string[]): string => {
    const row = (trait: string): string => {
      const at = (provider: string): string => {
        const cell = own.find((one) => one.provider === provider && one.trait === trait);
        return cell === undefined ? 'not run' : shown(cell.found);
      };
      return padded([trait, ...providers.map(at)]);
    };
    return [padded([`${client} to`, ...providers]), ...unique(own.map(({ trait }) => trait)).map(row)].join('\n');
  };
  const tables = unique(cells.map(({ client }) => client)).flatMap((client) => {
    const own = cells.filter((cell) => cell.client === client);
    const all = unique(own.map(({ provider }) => provider));
    const groups = Array.from({ length: Math.ceil(all.length / WIDE) }, (_, i) => all.slice(i * WIDE, (i + 1) * WIDE));
    return groups.map((providers) => table(client, own, providers));
  });
  const plain = cells.filter(({ found }) => found === 'yes').length;
  const failed = cells.filter(({ found }) => found === undefined).length;
  const sum = `${cells.length} cells: ${plain} yes, ${cells.length - plain - failed} with a note, ${failed} failed`;
  return [...tables, notes.map((note, i) => `[${i + 1}] ${shownNote(note)}`).join('\n'), sum].filter((text) => text !== '').join('\n\n');
};

const cellOf = (test: TestCase): Cell | undefined => {
  const { cell } = test.meta();
  if (cell === undefined) return undefined;
  return test.result().state === 'passed' ? cell : { ...cell, found: undefined };
};
/** Prints what cells were tried, behind everything else of a run; nothing for a run without any. */
export default class CellsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cells = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => cellOf(test) ?? []));
    if (cells.length > 0) process.stdout.write(`\n${tableOf(cells)}\n`);
  }
}
