import {
  type CxoneCompletedContactsOptions,
  cxoneCompletedContacts,
  type GenesysConversationJobsOptions,
  type GenesysConversationsOptions,
  genesysConversationJobs,
  genesysConversations,
  type Json,
  type PageSource,
  startedWithin,
} from '../batch/index.ts';
import { ConfigurationError } from '../core/index.ts';
import { type OptionTable, readOptions, refuse } from '../core/internal.ts';
import type { VendorName } from './variables.ts';

/** A source of an interval as data, from which another process can create the source. */
export type SourceDescription = {
  /** Whether each part contains only the records that began within the interval of the part. */
  startedWithin?: true;
} & (
  | { source: 'genesys-conversations'; options: Omit<GenesysConversationsOptions, 'interval' | 'clock'> }
  | {
      source: 'genesys-conversation-jobs';
      options: Omit<GenesysConversationJobsOptions, 'interval' | 'clock'>;
    }
  | {
      source: 'cxone-completed-contacts';
      options: Omit<CxoneCompletedContactsOptions, 'startDate' | 'endDate' | 'clock'>;
    }
);

export type SourceName = SourceDescription['source'];

/** The vendor whose credentials a source needs. */
export const VENDOR_OF: Readonly<Record<SourceName, VendorName>> = {
  'genesys-conversations': 'genesys',
  'genesys-conversation-jobs': 'genesys',
  'cxone-completed-contacts': 'cxone',
};

/** Creates a source. @param interval ISO 8601 `start/end`. @throws ConfigurationError */
export function sourceOf({ source, options }: SourceDescription, interval: string): PageSource {
  const [startDate = '', endDate = ''] = interval.split('/');
  switch (source) {
    case 'genesys-conversations':
      return genesysConversations({ ...options, interval });
    case 'genesys-conversation-jobs':
      return genesysConversationJobs({ ...options, interval });
    case 'cxone-completed-contacts':
      return cxoneCompletedContacts({ ...options, startDate, endDate });
  }
}

/** Returns the vendor whose credentials an export of a queue needs; undefined if its source is unknown. */
export function vendorOf(common: Json): VendorName | undefined {
  const { source } = Object(common) as { source?: unknown };
  return isSourceName(source) ? VENDOR_OF[source] : undefined;
}

/** Creates the source of a part in a queue. @throws ConfigurationError, also for an option that only another version knows. */
export function sourceFromQueue(common: Json, interval: string): PageSource {
  const what = 'the export in the queue';
  try {
    const [members, problems] = readOptions(Object(common) as SourceDescription, DESCRIPTION);
    const { source, options, startedWithin: isLimited } = members;
    const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
    refuse(what, [
      !isSourceName(source) && `unknown source ${JSON.stringify(source)}`,
      !isObject && 'options are missing',
      ...OF_PART.map((name) => isObject && name in options && `unknown option ${name}`),
      ...problems,
    ]);
    const whole = sourceOf({ source, options } as SourceDescription, interval);
    return isLimited ? startedWithin(whole, interval) : whole;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problems = error.problems.map((problem) =>
      /^unknown (option|source)/.test(problem) ? `${problem}; ${SAME_VERSION}` : problem,
    );
    throw new ConfigurationError(what, problems);
  }
}

const DESCRIPTION: OptionTable<SourceDescription> = {
  source: 'any',
  options: 'any',
  startedWithin: 'boolean',
};

/** Options of sources that the part or the worker decides. */
const OF_PART = ['interval', 'startDate', 'endDate', 'clock'];

const SAME_VERSION = 'run the same version of axios-oauth-refresh on all hosts';

function isSourceName(source: unknown): source is SourceName {
  return typeof source === 'string' && Object.hasOwn(VENDOR_OF, source);
}
