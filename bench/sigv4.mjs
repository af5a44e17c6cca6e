#!/usr/bin/env node
/**
 * P13: microseconds of CPU (user and system) that one AWS signature of a 1 KiB body takes, smallest of the rounds.
 *
 *   node --conditions=@llm-proxy-auth/source bench/sigv4.mjs [--rounds=20] [--json]
 *
 * Signed is what a call to Converse has: fresh headers, the same credential, another second every thousand signatures.
 */
import { parseArgs } from 'node:util';
import { sigV4 } from '../plugins/provider-bedrock/src/sigv4.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
const SIGNATURES = 20_000;
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'bedrock' };
const body = [Buffer.alloc(1024, 'x')];
const sign = sigV4();
const round = () => {
  const begun = process.cpuUsage();
  for (let i = 0; i < SIGNATURES; i++) {
    const headers = ['user-agent', 'llm-proxy-auth', 'accept-encoding', 'identity', 'content-type', 'application/json', 'content-length', '1024'];
    const path = '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse';
    sign({ method: 'POST', origin: 'https://bedrock-runtime.us-east-1.amazonaws.com', path, headers, body }, credentials, scope, 1_764_000_000_000 + i);
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / SIGNATURES;
};
const best = Math.min(...Array.from({ length: Number(values.rounds) }, round));
console.log(values.json ? JSON.stringify({ us: best }) : `P13 SigV4 of a 1 KiB body: ${best.toFixed(2)} µs (must ≤ 12, aim ≤ 6)`);
process.exitCode = best <= 12 ? 0 : 1;
