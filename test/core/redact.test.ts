import { describe, expect, it } from 'vitest';
import { formEncode, redact } from '../../src/core/secret.ts';

const SECRETS = {
  base64: 'c2VjcmV0+/w==',
  punctuation: `q&"<'>\\/+ =%~!*()$#;{}`,
  'percent-encoded already': 'ab%2Bcd%2fef&amp;gh',
  'JSON-escaped already': 'ab\\u002bcd\\/ef\\"gh',
  umlauts: 'pässwörd €uro 𝒳',
  'an assertion': 'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIxIn0.q-Xz_w7T3fS-1',
  'a line break': 'first line\nsecond line',
};

const utf8 = (text: string) => Buffer.from(text, 'utf8');
const codes = (text: string) => [...text].map((character) => character.codePointAt(0) as number);
const everyByte = (text: string, digits: (hex: string) => string) =>
  [...utf8(text)].map((byte) => `%${digits(byte.toString(16).padStart(2, '0'))}`).join('');
const named: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const html = (text: string) => text.replace(/[&<>"']/g, (character) => named[character] ?? character);

const ENCODINGS: Record<string, (text: string) => string> = {
  plain: (text) => text,
  'percent-encoded in upper case': encodeURIComponent,
  'percent-encoded in lower case': (text) =>
    encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded in every byte': (text) => everyByte(text, (hex) => hex.toUpperCase()),
  'percent-encoded in mixed case': (text) => everyByte(text, (hex) => hex[0]?.toUpperCase() + hex.slice(1)),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'form-encoded': formEncode,
  'form-encoded in lower case': (text) => formEncode(text).replace(/%../g, (code) => code.toLowerCase()),
  'escaped for HTML by names': html,
  'escaped for HTML by further names': (text) =>
    html(text).replaceAll('+', '&plus;').replaceAll('/', '&sol;').replaceAll('=', '&equals;'),
  'escaped for HTML by decimal numbers': (text) =>
    codes(text)
      .map((code) => `&#${code};`)
      .join(''),
  'escaped for HTML by hexadecimal numbers': (text) =>
    codes(text)
      .map((code) => `&#x${code.toString(16)};`)
      .join(''),
  'escaped for HTML by hexadecimal numbers in upper case': (text) =>
    codes(text)
      .map((code) => `&#X${code.toString(16).toUpperCase()};`)
      .join(''),
  'escaped for JSON': (text) => JSON.stringify(text).slice(1, -1),
  'escaped for JSON with slashes': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'escaped for JSON by numbers': (text) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  'escaped for JSON by numbers in upper case': (text) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`)
      .join(''),
  'form-encoded within JSON within HTML': (text) => html(JSON.stringify({ echo: formEncode(text) })),
  base64: (text) => utf8(text).toString('base64'),
  base64url: (text) => utf8(text).toString('base64url'),
  'base64 after one byte': (text) => utf8(`a${text}`).toString('base64'),
  'base64 after two bytes': (text) => utf8(`ab${text}`).toString('base64'),
  'base64 between other text': (text) => utf8(`client:${text}:more`).toString('base64'),
  'percent-encoded base64': (text) => encodeURIComponent(utf8(text).toString('base64')),
  'base64 of the percent-encoded text': (text) => utf8(`x${encodeURIComponent(text)}`).toString('base64'),
  'base64 twice': (text) => btoa(`x${utf8(`client:${text}`).toString('base64')}`),
  'base64 of the form-encoded text': (text) => utf8(`client:${formEncode(text)}`).toString('base64'),
};

describe('redact', () => {
  it.each(
    Object.entries(SECRETS).flatMap(([kind, secret]) =>
      Object.entries(ENCODINGS).map(([name, encode]) => [kind, name, secret, encode(secret)] as const),
    ),
  )('removes a secret (%s), %s', (_, _name, secret, encoded) => {
    const text = redact(`the value "${encoded}" was used before`, [secret]);
    expect(text).toContain('[redacted]');
    expect(text).toMatch(/^the value "[\s\S]*" was used before$/);
    expect(text).not.toContain(encoded);
    expect(text).not.toContain(secret);
  });

  it('removes several secrets in different encodings', () => {
    const text = redact(`a=${encodeURIComponent('se+cret')} b=${btoa('other secret')} c=third-secret`, [
      'se+cret',
      'other secret',
      'third-secret',
    ]);
    expect(text).toBe('a=[redacted] b=[redacted] c=[redacted]');
  });

  it('changes nothing in a text without a secret', () => {
    const text = 'invalid "scope" &amp; 100%25 \\u0041 a+b QUJDREVGRw== &unknown; &#1114112; %ff';
    expect(redact(text, ['the-secret', '', undefined, 'abc'])).toBe(text);
  });
});
