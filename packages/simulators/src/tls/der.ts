/** One value of ASN.1 in DER: tag, length, content. */
export const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'utf8'));
export const octets = (value: Uint8Array): Buffer => der(0x04, value);
export const flag = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
/** `2.5.4.3` */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const septets = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
    return bytes;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...others.flatMap(septets)]));
};
