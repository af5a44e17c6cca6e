/** The JSON payloads of an event stream in order, `[DONE]` left out. */
export const sseData = (body: string): Record<string, unknown>[] =>
  body
    .split('\n\n')
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => line.slice(6))
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data));

/** The `event:` names in order. */
export const sseNames = (body: string): string[] => [...body.matchAll(/^event: (.*)$/gm)].map(([, name]) => name ?? '');
