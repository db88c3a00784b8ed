import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Command, Option } from 'commander';
import { type ImportTarget, type RequestTargetOptions, requestTarget } from '../../batch/index.ts';
import { type JsonMembers, REQUEST_DEFAULTS } from '../../batch/internal.ts';
import { ConfigurationError } from '../../core/index.ts';
import { isSecretName, type Problem, printable, refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { addImportFlags, addImportHelp, addRecordFlags, type ImportFlags } from '../flags/import-flags.ts';
import { addApiFlags } from '../flags/run-flags.ts';
import { paramFlag, secretParamFlag } from '../flags/source-flags.ts';
import { runImport } from '../import.ts';
import { parsePair, readJsonObject } from '../parse.ts';
import { VENDOR_RATES, type VendorName } from '../variables.ts';
import { unusedSecrets } from './pages-source.ts';

/** The flags of `import pages`. */
interface PagesFlags
  extends ImportFlags,
    Pick<
      RequestTargetOptions,
      | ('url' | 'method' | 'recordsAt' | 'recordAt' | 'idField' | 'idempotent' | 'idempotencyHeader')
      | ('resultsAt' | 'resultId' | 'resultSuccess' | 'resultStatus' | 'resultError' | 'errorsAt' | 'errorId')
    > {
  vendor?: VendorName;
  baseUrl?: string;
  param?: Record<string, string | string[]>;
  secretParam?: string[];
  header?: Record<string, string | string[]>;
  data?: string;
}

/** Adds the import into any API, which flags describe. */
export function addImportPages(parent: Command, context: CommandContext): void {
  const command = parent
    .command('pages')
    .description(
      'Send records to any API. A path is a field name, or several field names with dots between them; list.0.name and list[0].name both lead into a list.',
    )
    .optionsGroup('Required:')
    .requiredOption(
      '--url <url>',
      "URL of the requests: absolute, or relative to --base-url or to the vendor's API; {id} stands for the field id of the record",
    );
  addRecordFlags(command)
    .option('--id-field <path>', 'path of the ID of a record (default: the last {field} of --url)')
    .option('--idempotent', 'the API recognizes a record by its ID: it is safe to send a record twice')
    .option('--no-idempotent', 'it is not safe to send a record twice, although the method is put')
    .option(
      '--idempotency-header <name>',
      'header for a key of the record, by which the API recognizes a repeated request, such as Idempotency-Key',
    )
    .optionsGroup('Request:')
    .addOption(
      new Option('--method <method>', 'HTTP method')
        .choices(['post', 'put', 'patch'])
        .default(REQUEST_DEFAULTS.method),
    )
    .option('--records-at <path>', "path of the list of records in the body; '' if the body is the list")
    .option('--record-at <path>', 'path of the only record in the body (default: the body is the record)')
    .option('--data <file>', 'JSON file with further fields of the body')
    .addOption(paramFlag())
    .addOption(secretParamFlag())
    .option(
      '--header <name=value>',
      'header, such as Content-Type=application/vnd.api+json; repeatable',
      parsePair,
    )
    .optionsGroup('Results in a response:')
    .option(
      '--results-at <path>',
      "path of the list of results; '' if the response is the list (default: a status of 2xx accepts the records)",
    )
    .option(
      '--result-id <path>',
      'path of the ID in a result (default: the results have the order of the records)',
    )
    .option(
      '--result-success <path>',
      'path of a value that is true, or path=value, if the API stored the record',
    )
    .option('--result-status <path>', 'path of the HTTP status in a result')
    .option('--result-error <path>', 'path of the error in a result (default: error and errors)')
    .option('--errors-at <path>', 'path of the list of errors, if they are not in the results')
    .option('--error-id <path>', 'with --errors-at: path of the ID in an error, or of a list of IDs')
    .optionsGroup('Records:');
  addImportFlags(command, { rate: VENDOR_RATES, batchSize: String(REQUEST_DEFAULTS.maxRecords) });
  addApiFlags(command);
  addImportHelp(command, [
    `import pages --in customers.csv \\
    --base-url https://api.example.com --method put --url '/customers/{id}'`,
    `import pages --in contacts.jsonl --url /contacts/batch \\
    --batch-size 100 --records-at inputs --results-at results \\
    --result-id email --id-field email --idempotent`,
  ]).action((flags: PagesFlags) => {
    const { vendor, baseUrl, url } = flags;
    return runImport(context, 'import pages', flags, () => targetOf(flags), { vendor, baseUrl, url });
  });
}

/** Creates the target that the flags describe. @throws ConfigurationError */
function targetOf(flags: PagesFlags): ImportTarget {
  const { url, method, param: params, header = {}, secretParam: secretParams } = flags;
  const { recordsAt, recordAt, idField, idempotent, idempotencyHeader } = flags;
  const { resultsAt, resultId, resultSuccess, resultStatus, resultError, errorsAt, errorId } = flags;
  const data = flags.data === undefined ? undefined : (readJsonObject('--data', flags.data) as JsonMembers);
  refuse('--secret-param', unusedSecrets(flags, data));
  refuse(
    '--header',
    Object.entries(header).flatMap(([name, value]) => [
      isSecretName(name) &&
        `${name} can be a secret, which every user of this machine can see; use an import in code`,
      headerProblem(name, String(value)),
    ]),
  );
  refuse('--idempotency-header', [
    idempotencyHeader !== undefined &&
      (RESERVED.test(idempotencyHeader) || isSecretName(idempotencyHeader)
        ? `${idempotencyHeader} has another meaning, so the API would not receive the key; use a name such as Idempotency-Key`
        : headerProblem(idempotencyHeader, '')),
  ]);
  const headers = Object.fromEntries(Object.entries(header).map(([name, value]) => [name, String(value)]));
  const request = {
    name: 'pages',
    url,
    method,
    params,
    headers,
    secretParams,
    data,
    maxRecords: flags.batchSize,
  };
  const records = { recordsAt, recordAt, idField, idempotent, idempotencyHeader };
  const results = { resultsAt, resultId, resultSuccess, resultStatus, resultError, errorsAt, errorId };
  try {
    return requestTarget({ ...request, ...records, ...results });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError('import pages', error.problems.map(inFlags));
  }
}

// Header fields that axios, Node or the token sets.
const RESERVED =
  /^(accept|accept-encoding|authorization|connection|content-length|content-type|host|transfer-encoding|user-agent)$/i;

/** Returns the problem with a header field. Node would throw an error for each request, and the records would be unresolved. */
function headerProblem(name: string, value: string): Problem {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    return `${JSON.stringify(printable(name))} is not a valid header field: use letters, digits and - in the name, and printable ASCII in the value`;
  }
  return false;
}

const OPTION_NAMES =
  /^(url|data|method|idempotent)\b|\b(maxRecords|recordsAt|recordAt|idField|idempotencyHeader|results?(At|Id|Success|Status|Error)|errors?(At|Id))\b/g;

/** Names the flags instead of the options. */
function inFlags(problem: string): string {
  return problem.replace(OPTION_NAMES, (name) =>
    name === 'maxRecords'
      ? '--batch-size'
      : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
}
