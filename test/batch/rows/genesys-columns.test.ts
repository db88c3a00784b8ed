// Checked by the compiler: the tables of columns have exactly the members of the models of the official SDK, with fitting types.
import type { Models } from 'purecloud-platform-client-v2';
import { expect, it } from 'vitest';
import type { CONVERSATION, PARTICIPANT, SEGMENT, SESSION } from '../../../src/batch/rows/genesys-columns.ts';

/** The types of columns that can hold a member of the SDK. */
type ColumnFor<Value> = [Value] extends [string]
  ? 'text' | 'timestamp'
  : [Value] extends [number]
    ? 'bigint' | 'double'
    : [Value] extends [boolean]
      ? 'boolean'
      : 'json';

type ColumnsOf<Model> = { readonly [Name in keyof Model]-?: ColumnFor<NonNullable<Model[Name]>> };

/** True if each member of the model has a fitting column, and each column is a member of the model. */
type Fits<Table, Model> = [Table] extends [ColumnsOf<Model>]
  ? [Exclude<keyof Table, keyof Model>] extends [never]
    ? true
    : { notInTheModel: Exclude<keyof Table, keyof Model> }
  : { missing: Exclude<keyof Model, keyof Table>; expected: ColumnsOf<Model> };

type Names = [
  keyof typeof CONVERSATION,
  keyof typeof PARTICIPANT,
  keyof typeof SESSION,
  keyof typeof SEGMENT,
];

/** True if no name is in two tables: a row has members of several levels. */
type Distinct<Lists extends readonly unknown[]> = Lists extends [infer First, ...infer Rest]
  ? [First & Rest[number]] extends [never]
    ? Distinct<Rest>
    : { inTwoTables: First & Rest[number] }
  : true;

const checks: readonly [
  Fits<typeof CONVERSATION, Models.AnalyticsConversation>,
  Fits<typeof CONVERSATION, Models.AnalyticsConversationWithoutAttributes>,
  Fits<typeof PARTICIPANT, Models.AnalyticsParticipant>,
  Fits<Omit<typeof PARTICIPANT, 'attributes'>, Models.AnalyticsParticipantWithoutAttributes>,
  Fits<typeof SESSION, Models.AnalyticsSession>,
  Fits<typeof SEGMENT, Models.AnalyticsConversationSegment>,
  Distinct<Names>,
] = [true, true, true, true, true, true, true];

it('has exactly the members of the models of the official SDK as columns', () => {
  expect(checks).not.toContain(false);
});
