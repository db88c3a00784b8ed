import type { AxiosRequestConfig } from 'axios';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { digestOf } from '../digest.ts';
import { BatchError } from '../errors.ts';
import { followedSource } from './followed.ts';
import { linkScope } from './link-scope.ts';
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
import { emptySecrets, fillSecrets, secretParamsOf } from './secret-params.ts';
import type { PageSource } from './source.ts';

/** Options of {@link linkSource}. */
export interface LinkOptions extends PagedOptions {
  /**
   * The path of the URL of the next page, such as `nextUri`, `nextPage` or `_links.next`, or of an object with the URL in
   * `href`. The checkpoint stores the URL unencrypted, without the `params` of the instance and without secret `params`.
   */
  next: string;
  /**
   * The path of the URLs of next pages, such as `/scroll`, relative to the base URL. Links must lead to a URL at or below the
   * path of `url` or of `nextPath`.
   * @default the path of `url`
   */
  nextPath?: string | undefined;
}

const OPTIONS: OptionTable<LinkOptions> = {
  ...PAGED_OPTIONS,
  next: 'any',
  nextPath: 'string',
};

/**
 * Reads pages that each contain the absolute or relative URL of the next page. The source requests that URL with GET, and
 * adds only the secret `params` that the API repeated in it. The URL must have the same origin, and a path at or below the
 * path of `url`. The path of a gateway may be missing in it. The last page has a link that is absent, null or ''.
 *
 * A wrong path in `next` looks like the end after one page. Set `total` if the API returns a total.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * linkSource({ url: '/api/v2/users', items: 'entities', next: 'nextUri', total: 'total' })
 */
export function linkSource(options: LinkOptions): PageSource {
  const [own, problems] = readOptions(options, OPTIONS);
  const { next, nextPath, url, method = PAGED_DEFAULTS.method, params, data } = own;
  refuse('linkSource', [
    ...pagedProblems(own, []),
    !next && "next must be the path of the link in a response, such as 'nextUri'",
    nextPath !== undefined &&
      !/^\/(?!\/)[^?#]*$/.test(nextPath) &&
      `nextPath must be a path such as '/scroll', not ${JSON.stringify(nextPath)}`,
    ...problems,
  ]);
  const label = describeRequest(own);
  const scope = linkScope(url, nextPath);
  const secrets = secretParamsOf(url, params, own.secretParams);
  const context = { label, own: Object.keys(params ?? {}), scope };
  const toStored = (lead: string) =>
    secrets.size === 0 ? lead : scope.change(lead, (link) => emptySecrets(link, secrets));
  return followedSource(own, {
    query: { next },
    why: 'the link of a page leads to the same records',
    advice: `Report the loop to the operator of the API. If the API repeats its last page, set total (--total), so that the export ends there.`,
    isLead: scope.includes,
    request(link): AxiosRequestConfig {
      if (link === undefined) return { ...(params && { params }), ...(data && { data }) };
      const lead = String(link);
      return {
        method: 'get',
        url: secrets.size === 0 ? lead : scope.change(lead, (address) => fillSecrets(address, secrets)),
        // The origin of the link was checked when the link was read.
        ...(/^https?:/i.test(lead) && { allowAbsoluteUrls: true }),
      };
    },
    startOf({ response }) {
      const address = method === 'get' ? addressOf(response, context.own) : undefined;
      const lead = address && scope.toLead(new URL(address), response.config.baseURL);
      return lead && digestOfLead(toStored(lead));
    },
    leadOf({ body, response }: PagedAnswer, start) {
      const link = nextLink(valueAt(body, next), response, context);
      if (link === undefined) return undefined;
      const lead = toStored(link);
      if (start === undefined || digestOfLead(lead) !== start) return lead;
      throw new BatchError(
        `the pages of ${label} form a loop: a page names the first page as the next one. The export stops and has ` +
          'written no record twice. Report the loop to the operator of the API.',
        'ERR_PAGE_LOOP',
      );
    },
  });
}

/** Returns a digest of a lead, whose query may contain secrets. The order of the query does not matter. */
function digestOfLead(lead: string): string {
  const [path = '', query = ''] = lead.split('?', 2);
  const params = new URLSearchParams(query);
  params.sort();
  return digestOf(`${path}?${params}`);
}
