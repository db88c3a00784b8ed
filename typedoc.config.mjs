import { Comment, Converter, ReferenceReflection, ReflectionCategory, ReflectionKind } from 'typedoc';
import { ModuleRouter } from 'typedoc-plugin-markdown';
import { entryPoints } from './.ci/entry-points.mjs';
import { PAGES } from './.ci/reference-pages.mjs';

const entries = entryPoints();

/** Names each page as its entry point: `batch.md` for `axios-oauth-refresh/batch`, `index.md` for the main one. */
class EntryRouter extends ModuleRouter {
  /**
   * @override
   * @param {import('typedoc').Reflection} reflection
   */
  getIdealBaseName(reflection) {
    const entry = entryOf(reflection);
    return entry ? entry.path || 'index' : super.getIdealBaseName(reflection);
  }

  /**
   * Gives a function and its signature one anchor, because they share a heading. Otherwise the numbers of later anchors are wrong.
   *
   * @override
   * @param {import('typedoc').Reflection} target
   * @param {import('typedoc').Reflection} pageTarget
   */
  buildAnchors(target, pageTarget) {
    const { parent } = target;
    if (!parent?.kindOf(ReflectionKind.Function) || !target.kindOf(ReflectionKind.CallSignature)) {
      return super.buildAnchors(target, pageTarget);
    }
    this.fullUrls.set(target, this.getFullUrl(parent));
    this.anchors.set(target, this.getAnchor(parent) ?? '');
    target.traverse((child) => {
      this.buildAnchors(child, pageTarget);
      return true;
    });
  }
}

/** @param {import('typedoc').Reflection} reflection */
function entryOf(reflection) {
  return reflection.kindOf(ReflectionKind.Module)
    ? entries.find(({ name }) => name === reflection.name)
    : undefined;
}

/**
 * Names modules as they are imported, and groups their members by task. TypeDoc names modules as their files, and groups members by
 * kind.
 *
 * @param {import('typedoc').Application} app
 */
function entryPages(app) {
  app.renderer.defineRouter('entries', EntryRouter);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const entry = entries.find(({ source }) => file?.endsWith(`/${source}`));
    if (entry) reflection.name = entry.name;
  });
  // After TypeDoc has sorted the members (-100), and before it assigns categories by tags (-200).
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const module of project.children ?? []) groupByTask(app, project, module);
      for (const group of project.groups ?? []) group.title = 'Entry points';
    },
    -150,
  );
}

/**
 * @param {import('typedoc').Application} app
 * @param {import('typedoc').ProjectReflection} project
 * @param {import('typedoc').DeclarationReflection} module
 */
function groupByTask(app, project, module) {
  const page = PAGES[entryOf(module)?.path ?? module.name];
  if (!page) return app.logger.warn(`.ci/reference-pages.mjs has no page for ${module.name}`);
  const starts = Object.entries(page.sections)
    .flatMap(([section, paths]) => paths.map((path) => ({ section, path })))
    .map((start, order) => ({ ...start, order }));
  const members = (module.children ?? []).flatMap((child) => {
    const source = child instanceof ReferenceReflection ? child.tryGetTargetReflectionDeep() : child;
    const file =
      (source && project.getSymbolIdFromReflection(source)?.packagePath)?.replace(/\.ts$/, '') ?? '';
    const [start] = starts
      .filter(({ path }) => file.startsWith(path))
      .sort((a, b) => b.path.length - a.path.length);
    if (start) return { ...start, child, file };
    app.logger.warn(
      `.ci/reference-pages.mjs: no section of ${module.name} contains ${child.name} of ${file}`,
    );
    return [];
  });
  members.sort((a, b) => a.order - b.order || a.file.localeCompare(b.file, 'en'));
  const categories = Object.keys(page.sections).map((title) => {
    const category = new ReflectionCategory(title);
    category.children = members.flatMap(({ section, child }) => (section === title ? child : []));
    return category;
  });
  module.categories = categories;
  // The router numbers equal anchors in the order of the members, which must be the order of the page.
  module.children = members.map(({ child }) => child);
  module.comment = new Comment([
    { kind: 'text', text: `${page.about}\n` },
    ...categories.flatMap(contentsLine),
  ]);
}

/**
 * Returns a line of the table of contents: a section and its members.
 *
 * @param {import('typedoc').ReflectionCategory} category
 * @returns {import('typedoc').CommentDisplayPart[]}
 */
function contentsLine({ title, children }) {
  const anchor = title.toLowerCase().replaceAll(',', '').replaceAll(' ', '-');
  return children.flatMap((target, index) => [
    { kind: 'text', text: index === 0 ? `\n- [${title}](#${anchor}): ` : ', ' },
    { kind: 'inline-tag', tag: '@link', text: target.name, target },
  ]);
}

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  entryPoints: entries.map(({ source }) => source),
  sortEntryPoints: false,
  plugin: ['typedoc-plugin-markdown', entryPages],
  router: 'entries',
  out: 'docs/reference',
  readme: 'none',
  disableSources: true,
  excludeInternal: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  indexFormat: 'table',
  pageTitleTemplates: { index: 'API reference' },
  categorizeByGroup: false,
  kindSortOrder: ['Function', 'Variable', 'Class', 'Interface', 'TypeAlias', 'Reference'],
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
