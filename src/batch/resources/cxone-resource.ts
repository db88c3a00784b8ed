import { type OptionTable, refuse } from '../../core/internal.ts';
import { DEFAULTS, versionProblem } from '../sources/cxone-completed-contacts.ts';
import type { PageSource } from '../sources/source.ts';
import { CXONE_RESOURCES, type CxoneResourceName } from './cxone-table.ts';
import { listResource } from './list-resource.ts';
import { chooseResource, RESOURCE_OPTIONS, type ResourceOptions } from './resource-options.ts';

/** Options of {@link cxoneResource}. */
export interface CxoneResourceOptions extends ResourceOptions {
  /** Version of the API. @default 'v30.0' */
  version?: string | undefined;
}

const OPTIONS: OptionTable<CxoneResourceOptions> = { ...RESOURCE_OPTIONS, version: 'string' };

/**
 * Returns a source that reads a resource of NICE CXone, such as all agents. `docs/resources.md` lists the resources.
 *
 * @throws ConfigurationError that lists all invalid options, also for an unknown name.
 * @example
 * cxoneResource('skills', { params: { mediaTypeId: 4 } })
 */
export function cxoneResource(name: CxoneResourceName, options: CxoneResourceOptions = {}): PageSource {
  const { resource, options: own } = chooseResource('cxoneResource', CXONE_RESOURCES, name, options, OPTIONS);
  const { version = DEFAULTS.version } = own;
  refuse('cxoneResource', [versionProblem(version)]);
  const path = resource.path.replace('{version}', version);
  return listResource(`cxone-${name}`, { ...resource, path }, own);
}
