import { BatchError } from '../errors.ts';

/** How a file in another form begins, what the file is, and what to do. */
const OTHER_FORMS: readonly {
  isForm: (start: string) => boolean;
  what: string;
  advice: string;
}[] = [
  {
    isForm: (start) => start.startsWith('\x1f\x8b'),
    what: 'is compressed with gzip',
    advice: 'Decompress the file first',
  },
  {
    isForm: (start) => start.startsWith('PK\x03\x04'),
    what: 'is a ZIP archive or a spreadsheet',
    advice: 'Unpack the file, or save the spreadsheet as CSV',
  },
  {
    // Without a byte order mark, each second byte of ASCII is zero.
    isForm: (start) => /^(\xff\xfe|\xfe\xff)/.test(start) || start.slice(0, 2).includes('\0'),
    what: 'is UTF-16, not UTF-8',
    advice: 'Convert the file, for example with `iconv -f UTF-16 -t UTF-8 IN > OUT`',
  },
  {
    // A carriage return at the end decides nothing: the line feed may not be written yet.
    isForm: (start) => !start.includes('\n') && /\r./.test(start),
    what: 'has carriage returns without line feeds as line ends',
    advice: "Convert the file, for example with `tr '\\r' '\\n' < IN > OUT`",
  },
];

/**
 * Checks that a file can be read as lines of UTF-8.
 *
 * @param start the first bytes of the file.
 * @throws BatchError `ERR_INPUT`. Such a file would else be one row that seems to be unfinished.
 */
export function checkText(path: string, start: Buffer): void {
  const text = start.toString('latin1');
  const form = OTHER_FORMS.find(({ isForm }) => isForm(text));
  if (form) throw new BatchError(`${path} ${form.what}. ${form.advice}.`, 'ERR_INPUT', { resumable: false });
}
