/** An event ends at an empty line, whatever the line ends are. */
const EVENT_ENDS = /\r\n\r\n|\n\n|\r\r/g;

/** The event of the text that stands at a place. */
export const eventAt = (text: string, at: number): string => {
  if (text.includes('\r')) {
    let found = '';
    eachEvent(text, (event, start, end) => {
      if (start <= at && at < end) found = event;
    });
    return found;
  }
  const end = text.indexOf('\n\n', at);
  return text.slice(text.lastIndexOf('\n\n', at) + 1, end < 0 ? text.length : end);
};
/** The data of one event: its `data:` lines joined. */
export const dataOf = (event: string): string => {
  const lines = event.split(/\r\n|\n|\r/);
  const data: string[] = [];
  for (const line of lines) if (line.startsWith('data:')) data.push(line.startsWith('data: ') ? line.slice(6) : line.slice(5));
  return data.join('\n');
};
/** Takes an event, and where in the text it begins and ends. */
export type Take = (event: string, start: number, end: number) => void;
/** Calls back with every event in which the pattern (with flag `g`) matches at a place or behind it. Lines end with LF alone; no place is searched twice. */
export const eventsWith = (text: string, at: number, pattern: RegExp, take: Take): void => {
  pattern.lastIndex = at;
  let from = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const before = text.lastIndexOf('\n\n', found.index);
    const end = text.indexOf('\n\n', found.index);
    const start = before < from ? from : before + 2;
    take(text.slice(start, end < 0 ? text.length : end), start, end < 0 ? text.length : end + 2);
    if (end < 0) return;
    from = end + 2;
    pattern.lastIndex = from;
  }
};
/** Calls back with every event and where it ends, whatever the line ends are. */
export const eachEvent = (text: string, take: Take): void => {
  let from = 0;
  for (const { 0: line, index } of text.matchAll(EVENT_ENDS)) {
    take(text.slice(from, index), from, index + line.length);
    from = index + line.length;
  }
  if (from < text.length) take(text.slice(from), from, text.length);
};
