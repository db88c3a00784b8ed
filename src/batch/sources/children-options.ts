import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import type { Json, PageSource } from './source.ts';

/** Options of {@link childrenSource}. */
export interface ChildrenOptions<Parent = unknown> {
  /** For messages and checkpoints. @default 'children' */
  name?: string | undefined;
  /** The source of the parents, such as all queues. It must identify each parent. */
  parents: PageSource<Parent>;
  /** Returns the source of the children of one parent, such as the members of one queue. */
  children: (parent: Parent) => PageSource;
  /** The member to add to each child, with the id of its parent, such as `queueId`. */
  parentField: string;
  /**
   * What to do if the API returns 404 or 410 for the children of a parent, which was deleted during the export: `fail`, or `skip` the parent
   * with a warning. If the API returns 404 for every parent, the export fails in both cases.
   * @default 'fail'
   */
  missingParent?: 'fail' | 'skip' | undefined;
  /** Identifies the requests of `children` in the checkpoint, such as their parameters. Use no secret. @default null */
  query?: Json | undefined;
}

export const CHILDREN_DEFAULTS = { name: 'children', missingParent: 'fail' } as const;

const OPTIONS: OptionTable<ChildrenOptions> = {
  name: 'string',
  parents: 'any',
  children: 'any',
  parentField: 'any',
  missingParent: 'any',
  query: 'any',
};

/** Returns the checked options. @throws ConfigurationError that lists all invalid options. */
export function readChildrenOptions<Parent>(given: ChildrenOptions<Parent>): ChildrenOptions<Parent> {
  const [own, problems] = readOptions(given, OPTIONS as OptionTable<ChildrenOptions<Parent>>);
  const { parents, children, parentField, missingParent = CHILDREN_DEFAULTS.missingParent } = own;
  refuse('childrenSource', [
    typeof parents?.read !== 'function' && 'parents must be a source, such as pageNumberSource({ … })',
    typeof parents?.read === 'function' &&
      typeof parents.identify !== 'function' &&
      'parents must identify its records: set the path of the id, such as id: "id"',
    typeof children !== 'function' && 'children must be a function that returns the source of one parent',
    !(typeof parentField === 'string' && parentField !== '') &&
      "parentField must be the name of the member for the id of the parent, such as 'queueId'",
    !['fail', 'skip'].includes(missingParent) && "missingParent must be 'fail' or 'skip'",
    ...problems,
  ]);
  return own;
}
