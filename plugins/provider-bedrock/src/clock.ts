/** `Signature expired: 20261123T000000Z is now earlier than 20261123T001000Z (20261123T001500Z - 5 min.)`: the last is AWS's own time. */
const IN_BRACKETS = /\((\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z [-+]/;
/** The time that AWS says it is, in epoch ms, where the text of a refusal has it. */
export const timeInText = (text: string): number | undefined => {
  const match = IN_BRACKETS.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
};
