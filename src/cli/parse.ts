import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Rate } from '../batch/index.ts';
import { isJsonObject, parseExact, timeZoneProblem } from '../batch/internal.ts';
import { refuse } from '../core/internal.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

// Node fires a timer with a longer delay immediately.
const LONGEST_TIMER = 2 ** 31 - 1;

/** Reads `300/min`, `5/s` or `none`. */
export function parseRate(text: string): Rate | 'none' {
  if (text === 'none') return text;
  const [, requests = '', unit = ''] = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(text) ?? [];
  if (!(Number(requests) > 0)) throw new InvalidArgumentError('Use a rate such as 300/min or 5/s, or none.');
  return { requests: Number(requests), interval: UNITS[unit] };
}

/** Reads a whole number, 0 or more. */
export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Use a whole number, 0 or more.');
  return Number(text);
}

/** Reads a port. */
export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('Use a port from 0 to 65535.');
  return Number(text);
}

/** Reads a number from 0 to 1. */
export function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('Use a number from 0 to 1.');
  return share;
}

/** Reads seconds. @returns milliseconds. */
export function parseSeconds(text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text))
    throw new InvalidArgumentError('Use a number of seconds, such as 30 or 0.5.');
  const milliseconds = Number(text) * 1000;
  if (milliseconds > LONGEST_TIMER) throw new InvalidArgumentError('Use at most 2147483 seconds (24 days).');
  return milliseconds;
}

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Reads `90`, which are seconds, or `90s`, `15m` or `2h`. @returns milliseconds. */
export function parseDuration(text: string): number {
  const [, value = '', unit = 's'] = /^(\d{1,9}(?:\.\d+)?)([smh])?$/.exec(text) ?? [];
  if (value === '') throw new InvalidArgumentError('Use seconds, or a duration such as 90s, 15m or 2h.');
  return Number(value) * (DURATION_UNITS[unit] ?? 1000);
}

/** Reads a list separated by commas. */
export function parseList(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new InvalidArgumentError('Use names separated by commas, such as id,name.');
  return list;
}

/** Reads a separator of CSV. A shell makes a tab hard to type, so `tab` and `\t` stand for a tab. */
export function parseDelimiter(text: string): string {
  const character = text === 'tab' || text === '\\t' ? '\t' : text;
  if (!/^[^"\r\n]$/u.test(character))
    throw new InvalidArgumentError('Use one character other than a quote, or tab.');
  return character;
}

/** Reads `name=value`, and adds it to the pairs before. A repeated name gets a list of values. */
export function parsePair(text: string, before: Readonly<Record<string, string | string[]>> = {}) {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Use name=value.');
  const earlier = Object.hasOwn(before, name) ? before[name] : undefined;
  return { ...before, [name]: earlier === undefined ? value : [earlier, value].flat() };
}

/** Reads `old=new`, and adds the names to the names before. */
export function parseRename(text: string, before: Readonly<Record<string, string>> = {}) {
  const [, from = '', to = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (from === '') throw new InvalidArgumentError('Use old=new, such as Phone=phone1.');
  if (Object.hasOwn(before, from)) throw new InvalidArgumentError(`"${from}" already has a new name.`);
  return { ...before, [from]: to };
}

/** Reads a number, a share such as `5%`, or `none`. */
export function parseMaxRejects(text: string): number | `${number}%` {
  if (text === 'none') return Number.POSITIVE_INFINITY;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (!/^\d{1,3}(\.\d+)?%$/.test(text) || Number.parseFloat(text) > 100)
    throw new InvalidArgumentError('Use a number such as 500, a share such as 5%, or none.');
  return text as `${number}%`;
}

/** Adds a value of a repeatable flag to the values before. */
export function parseRepeated(text: string, before: readonly string[] = []): string[] {
  if (text === '') throw new InvalidArgumentError('Use a name.');
  return [...before, text];
}

/** The start and end of an interval, in ISO 8601. */
export interface Interval {
  start: string;
  end: string;
}

/** Reads the IANA name of a time zone. */
export function parseTimeZone(text: string): string {
  const problem = timeZoneProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(asSentence(problem.replace(/^timeZone/, 'the time zone')));
}

/** Returns a problem as a sentence. */
export function asSentence(problem: string): string {
  return problem.charAt(0).toUpperCase() + problem.slice(1) + (/[.?]$/.test(problem) ? '' : '.');
}

/** Reads a file that contains one JSON object. Numbers keep their digits, as `ExactNumber`. @throws ConfigurationError */
export function readJsonObject(option: string, path: string): Record<string, unknown> {
  let text = '';
  let value: unknown;
  let problem: string | undefined;
  try {
    // JSON.parse rejects a byte order mark, which some editors write.
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    problem = `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
  }
  try {
    if (problem === undefined) value = parseExact(text);
  } catch {
    problem = 'is not valid JSON';
  }
  if (problem === undefined && !isJsonObject(value)) {
    problem = 'must contain a JSON object';
  }
  refuse(option, [problem !== undefined && `${path} ${problem}`]);
  return value as Record<string, unknown>;
}
