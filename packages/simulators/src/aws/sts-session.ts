import { StsRefusal } from './sts-answer.ts';
import { givenTags } from './sts-constraints.ts';

const sixParts = /^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/su;

export const checkArn = (arn: string): void => {
  if (!sixParts.test(arn)) throw new StsRefusal(400, 'ValidationError', `${arn} is invalid`);
};

/** The service's parser names the character that it did not expect, and where it stands. */
export const checkPolicy = (policy: string | null): void => {
  if (policy === null) return;
  try {
    JSON.parse(policy);
  } catch {
    const at = policy.search(/\S/);
    const first = policy.charAt(at);
    if (at === -1 || /[[{"\d-]/.test(first)) throw new StsRefusal(400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
    const expected = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')";
    const place = `at [Source: java.io.StringReader@52b5743d; line: 1, column: ${at + 2}]`;
    throw new StsRefusal(400, 'MalformedPolicyDocument', `Unexpected character ('${first}' (code ${first.charCodeAt(0)})): ${expected}\n ${place}`);
  }
};

/**
 * The format that tags are packed in is AWS's own. Nine tags of 252 bytes took 498 % of it (https://github.com/aws-actions/configure-aws-credentials/issues/1898),
 * and the six tags of EKS Pod Identity 74 %: about so many bytes are all of it.
 */
const packedBytes = 455;

/** Session tags of a call that keeps the constraints. */
export const sessionTags = (form: URLSearchParams): Record<string, string> => {
  const tags = givenTags(form).map(({ key, value }) => [key ?? '', value ?? ''] as const);
  const keys = new Set(tags.map(([key]) => key.toLowerCase()));
  const refusal = (message: string): StsRefusal => new StsRefusal(400, 'InvalidParameterValue', message);
  if (keys.size < tags.length) throw refusal('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  for (let index = 1; form.has(`TransitiveTagKeys.member.${index}`); index += 1) {
    const key = form.get(`TransitiveTagKeys.member.${index}`)?.toLowerCase() ?? '';
    if (!keys.has(key)) throw refusal('The specified transitive tag key must be included in the requested tags.');
  }
  const bytes = tags.reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  const percent = Math.floor((bytes * 100) / packedBytes);
  if (percent > 100) throw new StsRefusal(400, 'PackedPolicyTooLarge', `Packed size of session tags consumes ${percent}% of allotted space.`);
  return Object.fromEntries(tags);
};
