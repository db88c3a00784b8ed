import { createHash } from 'node:crypto';
import type { AxiosRequestConfig } from 'axios';
import { refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { followedSource } from './followed.ts';
import { valueAt } from './member-path.ts';
import { addressOf, nextLink } from './next-link.ts';
import { pagedProblems } from './paged-options.ts';
import { describeRequest, PAGED_DEFAULTS, type PagedAnswer, type PagedOptions } from './paged-request.ts';
import type { PageSource } from './source.ts';

/** Options of {@link linkSource}. */
export interface LinkOptions extends PagedOptions {
  /**
   * The path of the URL of the next page, such as `nextUri`, `nextPage` or `_links.next`; an object with that URL as
   * `href` will do. The checkpoint holds it in clear, without what the instance's own `params` put there.
   */
  next: string;
}

/**
 * Reads pages of which each holds the URL of the next, absolute or relative to its own. That one is asked for by GET, with
 * nothing added, and must be of the same origin. The end is an answer whose link is absent, null or ''.
 *
 * A wrong path for `next` looks like the end after one page: name the `total` where the API states one.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * linkSource({ url: '/api/v2/users', items: 'entities', next: 'nextUri', total: 'total' })
 */
export function linkSource(options: LinkOptions): PageSource {
  const { next, method = PAGED_DEFAULTS.method, params, data } = options;
  refuse('linkSource', [
    ...pagedProblems(options, []),
    !next && "next must say where the link is, such as 'nextUri'",
  ]);
  const asked = describeRequest(options);
  const own = Object.keys(params ?? {});
  return followedSource(options, {
    query: { next },
    request(link): AxiosRequestConfig {
      if (link === undefined) return { ...(params && { params }), ...(data && { data }) };
      // Whether the instance may be sent elsewhere was decided when the link was read.
      return { method: 'get', url: String(link), allowAbsoluteUrls: true };
    },
    startOf: ({ response }) => (method === 'get' ? digestOf(addressOf(response, own)) : undefined),
    leadOf({ body, response }: PagedAnswer, start) {
      const link = nextLink(valueAt(body, next), response, { asked, own });
      if (link === undefined || start === undefined || digestOf(link) !== start) return link;
      throw new BatchError(
        `${asked} leads in a circle: a page names the very first one as its next. It would never end; nothing of the ` +
          'circle was written twice. Report it to whoever runs the API.',
        'ERR_PAGE_LOOP',
      );
    },
  });
}

/** Of an address whose query may hold what a checkpoint should not. The order of the query does not matter. */
function digestOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const url = new URL(address);
  url.searchParams.sort();
  return createHash('sha256').update(url.href).digest('base64url').slice(0, 22);
}
