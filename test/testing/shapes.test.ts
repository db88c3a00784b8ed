import type { Models } from 'purecloud-platform-client-v2';
import { expectTypeOf, it } from 'vitest';
import type {
  BulkResponse,
  ConversationDetail,
  DetailsJobAvailability,
  DetailsJobCreated,
  DetailsJobResults,
  DetailsJobStatus,
  DetailsQueryResponse,
  GenesysErrorBody,
  ListContact,
} from '../../src/testing/index.ts';

/** Fields of the first type that the second does not know; assignability alone would let them pass. */
type Unknown<Ours, Theirs> =
  Ours extends ReadonlyArray<infer Our>
    ? Theirs extends ReadonlyArray<infer Their>
      ? Unknown<Our, Their>
      : 'not an array'
    : Ours extends object
      ?
          | Exclude<keyof Ours, keyof Theirs>
          | {
              [K in keyof Ours & keyof Theirs]-?: Unknown<NonNullable<Ours[K]>, NonNullable<Theirs[K]>>;
            }[keyof Ours & keyof Theirs]
      : never;

it('every shape is one that the vendor published, with no field of our own', () => {
  expectTypeOf<ConversationDetail>().toExtend<Models.AnalyticsConversationWithoutAttributes>();
  expectTypeOf<ConversationDetail>().toExtend<Models.AnalyticsConversation>();
  expectTypeOf<DetailsQueryResponse>().toExtend<Models.AnalyticsConversationQueryResponse>();
  expectTypeOf<DetailsJobCreated>().toExtend<Models.AsyncQueryResponse>();
  expectTypeOf<DetailsJobStatus>().toExtend<Models.AsyncQueryStatus>();
  expectTypeOf<DetailsJobResults>().toExtend<Models.AnalyticsConversationAsyncQueryResponse>();
  expectTypeOf<DetailsJobAvailability>().toExtend<Models.DataAvailabilityResponse>();
  expectTypeOf<ListContact>().toExtend<Models.DialerContact>();
  expectTypeOf<BulkResponse>().toExtend<Models.BulkContactsResponse>();
  expectTypeOf<GenesysErrorBody>().toExtend<Models.ErrorBody>();

  expectTypeOf<Unknown<ConversationDetail, Models.AnalyticsConversationWithoutAttributes>>().toBeNever();
  expectTypeOf<Unknown<DetailsQueryResponse, Models.AnalyticsConversationQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobCreated, Models.AsyncQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobStatus, Models.AsyncQueryStatus>>().toBeNever();
  expectTypeOf<Unknown<DetailsJobResults, Models.AnalyticsConversationAsyncQueryResponse>>().toBeNever();
  expectTypeOf<Unknown<ListContact, Models.DialerContact>>().toBeNever();
  expectTypeOf<Unknown<BulkResponse, Models.BulkContactsResponse>>().toBeNever();
});

it('what a client of the vendor sends is what the simulator reads', () => {
  const query: Models.ConversationQuery = {
    interval: 'a/b',
    order: 'asc',
    paging: { pageSize: 100, pageNumber: 1 },
  };
  const job: Models.AsyncConversationQuery = { interval: 'a/b', startOfDayIntervalMatching: true };
  const bulk: Models.BulkContactsRequest = { entities: [{ firstName: 'A' }] };
  expectTypeOf(query).toHaveProperty('interval').toEqualTypeOf<string>();
  expectTypeOf(job).toHaveProperty('startOfDayIntervalMatching');
  expectTypeOf(bulk).toHaveProperty('entities');
});
