import { canonical } from '../checkpoint.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { listOf, objectOf, unexpected } from '../sources/answer.ts';
import { describeRequest } from '../sources/paged-request.ts';
import { requestQuery } from '../sources/secret-params.ts';
import type { PageSource } from '../sources/source.ts';
import { bodyInterval } from './list-resource.ts';
import { AGGREGATE_KEY, type Resource } from './resource.ts';
import type { ResourceOptions } from './resource-options.ts';

/** Returns the source of a query for aggregates, whose single response has all groups, each with its periods. */
export function aggregates(name: string, resource: Resource, options: ResourceOptions): PageSource {
  const { path: url, list } = resource;
  const data = { ...options.query, ...bodyInterval(options.interval) };
  const label = describeRequest({ method: 'post', url });

  /** Returns a record for each period of a group. */
  function recordsOf(result: unknown): JsonObject[] {
    const { group = {}, data: periods } = isJsonObject(result) ? result : {};
    if (!Array.isArray(periods) || !periods.every(isJsonObject))
      throw unexpected(label, 'returned a group without a list of periods in data');
    return periods.map((period) => ({ group, ...period }));
  }

  return {
    name,
    query: requestQuery({ url, data }, { method: 'post' }),
    identify: (record) => canonical(AGGREGATE_KEY.map((member) => Object(record)[member])),
    async *read({ request }) {
      const config = {
        method: 'post',
        url,
        data,
        responseType: 'json',
        authRefresh: { idempotent: true },
      } as const;
      const body = objectOf(await request(config, { exactNumbers: true }), label);
      // Without conversations, the API returns an object without members.
      const results = Object.keys(body).length === 0 ? [] : listOf(body, list, label);
      yield { items: results.flatMap(recordsOf) };
    },
  };
}
