import {
  type CxoneCompletedContactsOptions,
  cxoneCompletedContacts,
  type GenesysConversationJobsOptions,
  type GenesysConversationsOptions,
  genesysConversationJobs,
  genesysConversations,
  type Json,
  type PageSource,
} from '../batch/index.ts';
import { refuse } from '../core/internal.ts';
import type { VendorName } from './variables.ts';

/** A source of an interval as data, from which another process can create the source. */
export type SourceDescription =
  | { source: 'genesys-conversations'; options: Omit<GenesysConversationsOptions, 'interval' | 'clock'> }
  | {
      source: 'genesys-conversation-jobs';
      options: Omit<GenesysConversationJobsOptions, 'interval' | 'clock'>;
    }
  | {
      source: 'cxone-completed-contacts';
      options: Omit<CxoneCompletedContactsOptions, 'startDate' | 'endDate' | 'clock'>;
    };

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

/** Checks a description from a queue. @throws ConfigurationError */
export function toSourceDescription(value: Json): SourceDescription {
  const { source, options } = Object(value) as { source?: unknown; options?: unknown };
  refuse('the export in the queue', [
    !(typeof source === 'string' && Object.hasOwn(VENDOR_OF, source)) &&
      `unknown source ${JSON.stringify(source)}; run the same version of axios-oauth-refresh on all hosts`,
    (typeof options !== 'object' || options === null || Array.isArray(options)) && 'options are missing',
  ]);
  return { source, options } as SourceDescription;
}
