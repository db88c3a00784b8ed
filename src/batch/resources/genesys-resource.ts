import { childrenSource } from '../sources/children.ts';
import type { PageSource } from '../sources/source.ts';
import { aggregates } from './aggregates.ts';
import { GENESYS_RESOURCES, type GenesysResourceName } from './genesys-table.ts';
import { listResource } from './list-resource.ts';
import type { Resource } from './resource.ts';
import { chooseResource, RESOURCE_OPTIONS, type ResourceOptions } from './resource-options.ts';

/**
 * Returns a source that reads a resource of Genesys Cloud, such as all users or the members of each queue. `docs/resources.md` lists the resources.
 *
 * @throws ConfigurationError that lists all invalid options, also for an unknown name.
 * @example
 * genesysResource('queues', { params: { divisionId: 'd1' } })
 */
export function genesysResource(name: GenesysResourceName, options: ResourceOptions = {}): PageSource {
  const { resource, options: own } = chooseResource(
    'genesysResource',
    GENESYS_RESOURCES,
    name,
    options,
    RESOURCE_OPTIONS,
  );
  const full = `genesys-${name}`;
  if (resource.parent !== undefined) return childrenOf(full, resource, own);
  return resource.paging === 'one response'
    ? aggregates(full, resource, own)
    : listResource(full, resource, own);
}

/** Returns the source of a resource that has pages for each record of another resource. */
function childrenOf(name: string, resource: Resource, options: ResourceOptions): PageSource {
  const { field = '', resource: parent = '' } = resource.parent ?? {};
  const at = (id: string) => ({
    ...resource,
    path: resource.path.replace(`{${field}}`, encodeURIComponent(id)),
  });
  return childrenSource<{ id: string }>({
    name,
    parents: genesysResource(parent as GenesysResourceName) as PageSource<{ id: string }>,
    children: ({ id }) => listResource(name, at(id), options),
    parentField: field,
    missingParent: 'skip',
    query: listResource(name, resource, options).query,
  });
}
