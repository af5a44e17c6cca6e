import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { IDS as ANTHROPIC_IDS } from '../plugins/dialect-anthropic/src/named-ids.ts';
import { IDS } from '../plugins/dialect-openai/src/named-ids.ts';
import { TABLE as ANTHROPIC_TABLE } from '../plugins/provider-anthropic/src/native.ts';
import { TABLE } from '../plugins/provider-openai/src/native.ts';

/** Members of request bodies that end like an id, or like several, and are no object that somebody owns. */
const NO_OBJECT: Readonly<Record<string, string>> = {
  approval_request_id: 'a request for approval among the items of this very conversation, whose owner is tested',
  call_id: 'pairs a call with its output inside the body',
  caller_id: 'pairs a call with the program that makes it, inside the body',
  tool_call_id: 'pairs a call with its output inside the body',
  connector_id: 'one of a fixed list of connectors, used with the client’s own authorization',
  tunnel_id: 'a way to a server of the organization, set up elsewhere and used with the client’s own authorization',
  tool_use_id: 'pairs a call with its result inside the body',
  tool_id: 'pairs a call with the server tool that made it, inside the body',
  custom_id: 'what the client calls a request of a batch',
  user_id: 'what the client calls its own user',
  user_profile_id: 'sent as a header, which names whom the call is made for',
  workspace_id: 'sent as a header, which is told as lost: the key decides',
  tab_id: 'a tab of the browser that the client itself drives',
  download_id: 'a download of the browser that the client itself drives',
};
const NAMES_IDS = /(?:file_id|file_ids|vector_store_ids|_ids?)$/;
const ENTRIES = `
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { ImageEditParams } from 'openai/resources/images';
import type { ResponseCreateParams, ResponseCompactParams } from 'openai/resources/responses/responses';
export type responses = ResponseCreateParams | ResponseCompactParams;
export type chat = ChatCompletionCreateParams;
export type images = ImageEditParams;
import type { MessageCountTokensParams, MessageCreateParams } from '@anthropic-ai/sdk/resources/messages/messages';
import type { BatchCreateParams } from '@anthropic-ai/sdk/resources/messages/batches';
import type { MessageCreateParams as BetaMessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages';
export type messages = MessageCreateParams | BetaMessageCreateParams;
export type counting = MessageCountTokensParams;
export type batches = BatchCreateParams;
`;

/** Names of every member that a type has at any depth. */
const membersOf = (checker: ts.TypeChecker, type: ts.Type, names: Set<string>, seen: Set<ts.Type>): void => {
  if (seen.has(type)) return;
  seen.add(type);
  if (type.isUnionOrIntersection()) for (const one of type.types) membersOf(checker, one, names, seen);
  for (const argument of checker.getTypeArguments(type as ts.TypeReference) ?? []) membersOf(checker, argument, names, seen);
  for (const index of checker.getIndexInfosOfType(type)) membersOf(checker, index.type, names, seen);
  if ((type.flags & ts.TypeFlags.Object) === 0 || checker.isArrayType(type)) return;
  for (const member of checker.getPropertiesOfType(type)) {
    // Methods of classes and of files are no members of a body.
    if ((member.flags & ts.SymbolFlags.Method) !== 0) continue;
    names.add(member.name);
    membersOf(checker, checker.getTypeOfSymbol(member), names, seen);
  }
};
const entryMembers = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const path = fileURLToPath(new URL('./ownership-types.entries.ts', import.meta.url));
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, version) => (name === path ? ts.createSourceFile(name, ENTRIES, version) : getSourceFile(name, version));
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? ENTRIES : readFile(name));
  const program = ts.createProgram([path], options, host);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const found = new Map<string, ReadonlySet<string>>();
  for (const statement of source?.statements ?? []) {
    if (!ts.isTypeAliasDeclaration(statement)) continue;
    const names = new Set<string>();
    membersOf(checker, checker.getTypeAtLocation(statement.name), names, new Set());
    found.set(statement.name.text, names);
  }
  return found;
};

describe('ids in the request types of the SDK', () => {
  const members = entryMembers();
  test.each(['responses', 'chat', 'images'] as const)('%s: each is looked at or excluded with a reason', (entry) => {
    const ids = IDS[entry];
    const known = new Set([...ids.inside.members, ...ids.request.map((pointer) => pointer.slice(1)), ...Object.keys(NO_OBJECT)]);
    const named = [...(members.get(entry) ?? [])].filter((name) => NAMES_IDS.test(name));
    if (entry === 'responses') expect(named).toEqual(expect.arrayContaining(['file_id', 'file_ids', 'vector_store_ids', 'container_id', 'call_id']));
    if (entry === 'chat') expect(named).toEqual(expect.arrayContaining(['file_id', 'tool_call_id']));
    // The SDK sends forms; the JSON body of the same operation is the vendor's own.
    if (entry === 'images') expect([...(members.get(entry) ?? [])]).toEqual(expect.arrayContaining(['image', 'mask', 'prompt']));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
  test.each(['messages', 'counting', 'batches'] as const)('Anthropic %s: each is looked at or excluded with a reason', (entry) => {
    const known = new Set([...ANTHROPIC_IDS[entry].inside.members, ...Object.keys(NO_OBJECT)]);
    const named = [...(members.get(entry) ?? [])].filter((name) => NAMES_IDS.test(name));
    expect(named).toEqual(expect.arrayContaining(['file_id', 'tool_use_id']));
    if (entry === 'messages') expect(named).toEqual(expect.arrayContaining(['skill_id', 'previous_message_id']));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
  test('nothing is excluded that does not exist', () => {
    const all = new Set([...members.values()].flatMap((names) => [...names]));
    expect(Object.keys(NO_OBJECT).filter((name) => !all.has(name))).toEqual([]);
  });
});

test.each([
  ['OpenAI', TABLE, IDS],
  ['Anthropic', ANTHROPIC_TABLE, ANTHROPIC_IDS],
] as const)('the ids that the native table of %s refers to are those of the dialect, none is left over', (_name, table, ids) => {
  const named = new Set(table.flatMap((entry) => (entry.ids === undefined ? [] : [entry.ids])));
  expect([...named].toSorted()).toEqual(Object.keys(ids).toSorted());
});
