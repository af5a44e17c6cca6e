import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { element, xmlText } from './xml.ts';

/** Thrown by whatever refuses a call. */
export class StsRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'StsRefusal';
    this.status = status;
    this.code = code;
  }
}

/** An element and its text, or those within it. */
export type XmlNode = readonly [name: string, content: string | readonly XmlNode[]];

export const requestId = '00000000-0000-4000-8000-000000000000';
const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
/** What is refused before an operation was found speaks for no service. */
const faultNamespace = 'http://webservices.amazon.com/AWSFault/2005-15-09';

const identified: Answer['headers'] = [
  ['x-amzn-RequestId', requestId],
  ['x-amz-sts-extended-request-id', 'MDAwMDAwMDA='],
];

/** Two spaces for each level, as the service writes it. */
const written = ([name, content]: XmlNode, indent: string): string => {
  if (typeof content === 'string') return `${indent}${element(name, xmlText(content))}\n`;
  return `${indent}<${name}>\n${content.map((node) => written(node, `${indent}  `)).join('')}${indent}</${name}>\n`;
};

const xml = (status: number, name: string, namespaceName: string, content: readonly XmlNode[]): Answer => {
  const text = `<${name} xmlns="${namespaceName}">\n${content.map((node) => written(node, '  ')).join('')}</${name}>\n`;
  return { status, headers: [...identified, ['Content-Type', 'text/xml']], body: Buffer.from(text) };
};

/** The query protocol answers in JSON whoever accepts nothing else. */
export const jsonText = (status: number, value: object): Answer => ({
  status,
  headers: [...identified, ['Content-Type', 'application/json']],
  body: Buffer.from(JSON.stringify(value)),
});
export const wantsJson = (request: CapturedRequest): boolean => request.header('accept')?.split(',')[0]?.trim() === 'application/json';

export const success = (action: string, result: readonly XmlNode[]): Answer =>
  xml(200, `${action}Response`, namespace, [
    [`${action}Result`, result],
    ['ResponseMetadata', [['RequestId', requestId]]],
  ]);

export const failure = ({ status, code, message }: { status: number; code: string; message: string }, json: boolean): Answer => {
  const type = status < 500 ? 'Sender' : 'Receiver';
  if (json) return jsonText(status, { Error: { Code: code, Message: message, Type: type }, RequestId: requestId });
  // A number that is none is refused without a sentence.
  const sentence: readonly XmlNode[] = message === '' ? [] : [['Message', message]];
  return xml(status, 'ErrorResponse', code === 'InvalidAction' ? faultNamespace : namespace, [
    ['Error', [['Type', type], ['Code', code], ...sentence]],
    ['RequestId', requestId],
  ]);
};

/** Whoever names no action is sent to the product's page, with the query that was given. */
export const elsewhere = (query: string): Answer => ({
  status: 302,
  headers: [...identified, ['Location', `https://aws.amazon.com/iam${query}`]],
  body: Buffer.alloc(0),
});
