/** Text as it stands between tags. */
export const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `content` is XML already. */
export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
