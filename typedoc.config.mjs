import { Converter, ReflectionKind } from 'typedoc';
import { ModuleRouter } from 'typedoc-plugin-markdown';
import { entryPoints } from './scripts/entry-points.mjs';

const entries = entryPoints();

/** Names each page as its entry point: `batch.md` for `axios-oauth-refresh/batch`, `index.md` for the main one. */
class EntryRouter extends ModuleRouter {
  /**
   * @override
   * @param {import('typedoc').Reflection} reflection
   */
  getIdealBaseName(reflection) {
    const entry = entries.find(({ name }) => name === reflection.name);
    return entry && reflection.kindOf(ReflectionKind.Module)
      ? entry.path || 'index'
      : super.getIdealBaseName(reflection);
  }
}

/**
 * Names modules as they are imported. TypeDoc names them as their files.
 *
 * @param {import('typedoc').Application} app
 */
function entryNames(app) {
  app.renderer.defineRouter('entries', EntryRouter);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const entry = entries.find(({ source }) => file?.endsWith(`/${source}`));
    if (entry) reflection.name = entry.name;
  });
}

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  entryPoints: entries.map(({ source }) => source),
  sortEntryPoints: false,
  plugin: ['typedoc-plugin-markdown', entryNames],
  router: 'entries',
  out: 'docs/reference',
  readme: 'none',
  disableSources: true,
  excludeInternal: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  outputFileStrategy: 'modules',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  validation: { invalidLink: true, notExported: false },
  treatWarningsAsErrors: true,
  skipErrorChecking: true,
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  excludeExternals: true,
  propertyMembersFormat: 'table',
};
