type Kind = 'image' | 'document' | 'video' | 'audio';
type Pairs = readonly (readonly [format: string, type: string])[];
/** Formats of the SDK's enums with their media types. Of formats that share a type the first is written. */
const TABLE: Readonly<Record<Kind, Pairs>> = Object.freeze({
  image: [
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
  ],
  document: [
    ['pdf', 'application/pdf'],
    ['csv', 'text/csv'],
    ['doc', 'application/msword'],
    ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['xls', 'application/vnd.ms-excel'],
    ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['html', 'text/html'],
    ['txt', 'text/plain'],
    ['md', 'text/markdown'],
  ],
  video: [
    ['mkv', 'video/x-matroska'],
    ['mov', 'video/quicktime'],
    ['mp4', 'video/mp4'],
    ['webm', 'video/webm'],
    ['flv', 'video/x-flv'],
    ['mpeg', 'video/mpeg'],
    ['mpg', 'video/mpeg'],
    ['wmv', 'video/x-ms-wmv'],
    ['three_gp', 'video/3gpp'],
  ],
  audio: [
    ['mp3', 'audio/mpeg'],
    ['opus', 'audio/opus'],
    ['wav', 'audio/wav'],
    ['aac', 'audio/aac'],
    ['flac', 'audio/flac'],
    ['mp4', 'audio/mp4'],
    ['ogg', 'audio/ogg'],
    ['mkv', 'audio/x-matroska'],
    ['mka', 'audio/x-matroska'],
    ['x-aac', 'audio/x-aac'],
    ['m4a', 'audio/mp4'],
    ['mpeg', 'audio/mpeg'],
    ['mpga', 'audio/mpeg'],
    ['pcm', 'audio/pcm'],
    ['webm', 'audio/webm'],
  ],
});
/** What clients of other dialects call a type that stands in the table. */
const ALIASES: Readonly<Record<string, string>> = Object.freeze({
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'text/x-markdown': 'text/markdown',
});

/** Media type of a format. One that the table has not, or none, is a type of its own that is written back. */
export const typeOf = (kind: Kind, format: string | undefined): string => {
  if (format === undefined) return '';
  return TABLE[kind].find(([name]) => name === format)?.[1] ?? `${kind === 'document' ? 'application' : kind}/${format}`;
};
/** The vendor's format of a media type; undefined where it has none. */
export const formatOf = (kind: Kind, type: string): string | undefined => {
  const bare = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const known = ALIASES[bare] ?? bare;
  return TABLE[kind].find(([, media]) => media === known)?.[0];
};
/** The same for what was read from this surface: a format that the table has not is the end of its type. */
export const ownFormatOf = (kind: Kind, type: string): string | undefined => formatOf(kind, type) ?? (type === '' ? undefined : type.replace(/^[a-z]+\//, ''));
