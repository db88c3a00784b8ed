import { createHash } from 'node:crypto';
import type { AxiosRequestConfig } from 'axios';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { followedSource } from './followed.ts';
import { valueAt } from './member-path.ts';
import { addressOf, nextLink } from './next-link.ts';
import { pagedProblems } from './paged-options.ts';
import {
  describeRequest,
  PAGED_DEFAULTS,
  PAGED_OPTIONS,
  type PagedAnswer,
  type PagedOptions,
} from './paged-request.ts';
import type { PageSource } from './source.ts';

/** Options of {@link linkSource}. */
export interface LinkOptions extends PagedOptions {
  /**
   * The path of the URL of the next page, such as `nextUri`, `nextPage` or `_links.next`, or of an object with the URL in
   * `href`. The checkpoint stores the URL unencrypted, without the `params` of the instance.
   */
  next: string;
}

const OPTIONS: OptionTable<LinkOptions> = {
  ...PAGED_OPTIONS,
  next: 'any',
};

/**
 * Reads pages that each contain the absolute or relative URL of the next page. The source requests that URL with GET and
 * adds nothing to it. The URL must have the same origin. The last page has a link that is absent, null or ''.
 *
 * A wrong path in `next` looks like the end after one page. Set `total` if the API returns a total.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * linkSource({ url: '/api/v2/users', items: 'entities', next: 'nextUri', total: 'total' })
 */
export function linkSource(options: LinkOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { next, method = PAGED_DEFAULTS.method, params, data } = own;
  refuse('linkSource', [
    ...pagedProblems(own, []),
    !next && "next must be the path of the link in a response, such as 'nextUri'",
    ...problems,
  ]);
  const label = describeRequest(own);
  const ownParams = Object.keys(params ?? {});
  return followedSource(own, {
    query: { next },
    request(link): AxiosRequestConfig {
      if (link === undefined) return { ...(params && { params }), ...(data && { data }) };
      // The origin of the link was checked when the link was read.
      return { method: 'get', url: String(link), allowAbsoluteUrls: true };
    },
    startOf: ({ response }) => (method === 'get' ? digestOf(addressOf(response, ownParams)) : undefined),
    leadOf({ body, response }: PagedAnswer, start) {
      const link = nextLink(valueAt(body, next), response, { label, own: ownParams });
      if (link === undefined || start === undefined || digestOf(link) !== start) return link;
      throw new BatchError(
        `the pages of ${label} form a loop: a page names the first page as the next one. The export stops and has ` +
          'written no record twice. Report the loop to the operator of the API.',
        'ERR_PAGE_LOOP',
      );
    },
  });
}

/** Returns a digest of a URL, whose query may contain secrets. The order of the query does not matter. */
function digestOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const url = new URL(address);
  url.searchParams.sort();
  return createHash('sha256').update(url.href).digest('base64url').slice(0, 22);
}
