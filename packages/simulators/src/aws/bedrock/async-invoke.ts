import { type Fields, fieldsOf, isFields, textOf } from '../../openai/check.ts';
import { account } from '../credentials.ts';
import type { Context } from './context.ts';
import { fieldsIn, jsonAnswer, type Operation } from './operation.ts';
import { refuse } from './refusal.ts';

/** An asynchronous invocation: in progress at the first look, completed at the second. */
export type Job = { readonly modelArn: string; readonly outputDataConfig: Fields; readonly submitTime: string; looks: number };

const start = (call: Context, body: Fields): Fields => {
  const model = call.models.require(textOf(body.modelId));
  const uri = fieldsOf(fieldsOf(body.outputDataConfig).s3OutputDataConfig).s3Uri;
  if (typeof uri !== 'string' || !uri.startsWith('s3://')) throw refuse.validation('Invalid S3 URI.');
  if (!isFields(body.modelInput)) throw refuse.validation('Malformed input request, please reformat your input and try again.');
  const invocationArn = `arn:aws:bedrock:${call.region}:${account}:async-invoke/${call.id('').slice(0, 12).toLowerCase()}`;
  call.jobs.set(invocationArn, {
    modelArn: call.models.arn(model),
    outputDataConfig: fieldsOf(body.outputDataConfig),
    submitTime: new Date(call.now()).toISOString(),
    looks: 0,
  });
  return { invocationArn };
};

const shown = (invocationArn: string, { modelArn, outputDataConfig, submitTime, looks }: Job): Fields => ({
  invocationArn,
  modelArn,
  outputDataConfig,
  submitTime,
  status: looks < 2 ? 'InProgress' : 'Completed',
});

const look = (call: Context, arn: string): Fields => {
  const job = call.jobs.get(arn);
  if (job === undefined) throw refuse.notFound('The specified async invocation could not be found.');
  job.looks += 1;
  return shown(arn, job);
};

export const asyncOperations: readonly Operation[] = [
  { method: 'POST', path: /^\/async-invoke$/, handle: ({ call, request }) => jsonAnswer(start(call, fieldsIn(request))) },
  {
    method: 'GET',
    path: /^\/async-invoke$/,
    handle: ({ call }) => jsonAnswer({ asyncInvokeSummaries: [...call.jobs].map(([arn, job]) => shown(arn, job)) }),
  },
  { method: 'GET', path: /^\/async-invoke\/([^/]+)$/, handle: ({ call, params: [arn = ''] }) => jsonAnswer(look(call, arn)) },
];
