// Holds an answer against the client's own typed model: every field the declaration requires is there, and every
// field that is there has the declared type. JavaScript would let a number pass for a text; this does not.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const codegen = join(dirname(require.resolve('@hubspot/api-client')), 'codegen');

// HubSpot's documentation calls every field of an error optional, whatever the client declares.
const ERRORS = ['StandardError', 'ErrorDetail', 'ModelError'];

const modules = new Map();

// The classes and enumerations of one API, and what its declarations require of each class.
function load(api) {
  if (!modules.has(api)) {
    const folder = join(codegen, api);
    const models = require(join(folder, 'index.js'));
    modules.set(api, { folder, models, required: new Map() });
  }
  return modules.get(api);
}

function requiredFields(module, name) {
  if (!module.required.has(name)) {
    const declared = readFileSync(join(module.folder, 'models', `${name}.d.ts`), 'utf8');
    const fields = [...declared.matchAll(/^ {4}'(\w+)'(\?)?:/gm)];
    module.required.set(name, fields.filter(([, , optional]) => !optional).map(([, field]) => field));
  }
  return module.required.get(name);
}

// Throws unless `value` is a whole `name` of `api`; gives it back for further use.
export function typed(api, name, value) {
  check(load(api), name, value, name);
  return value;
}

function check(module, type, value, where) {
  const wanted = type.trim();
  const optional = wanted.match(/^(.*?)\s*\|\s*null$/);
  if (optional) return value === null ? undefined : check(module, optional[1], value, where);
  const list = wanted.match(/^(?:Array|Set)<(.*)>$/s);
  if (list) {
    if (!Array.isArray(value)) fail(where, wanted, value);
    return value.forEach((item, n) => check(module, list[1], item, `${where}[${n}]`));
  }
  const map = wanted.match(/^\{\s*\[key: string\]:\s*(.*?);?\s*\}$/s);
  if (map) {
    if (value === null || typeof value !== 'object') fail(where, wanted, value);
    return Object.entries(value).forEach(([key, item]) => check(module, map[1], item, `${where}.${key}`));
  }
  if (wanted === 'any') return undefined;
  if (wanted === 'Date') {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) fail(where, wanted, value);
    return undefined;
  }
  if (['string', 'number', 'boolean'].includes(wanted)) {
    if (typeof value !== wanted) fail(where, wanted, value);
    return undefined;
  }
  return checkModel(module, wanted, value, where);
}

function checkModel(module, name, value, where) {
  const model = module.models[name];
  if (model === undefined) throw new Error(`${where}: the client has no type ${name}`);
  if (typeof model !== 'function') {
    // An enumeration.
    if (!Object.values(model).includes(value)) fail(where, Object.values(model).join('|'), value);
    return;
  }
  if (!(value instanceof model)) fail(where, name, value);
  const required = ERRORS.includes(name) ? [] : requiredFields(module, name);
  for (const field of model.getAttributeTypeMap()) {
    const present = value[field.name];
    const isRequired = required.includes(field.name);
    // Null stands for absent where a field may be absent, as the documentation shows it.
    const isAbsent = present === undefined || (present === null && !isRequired);
    if (!isAbsent) check(module, field.type, present, `${where}.${field.name}`);
    else if (isRequired) throw new Error(`${where}.${field.name} is required and missing`);
  }
}

function fail(where, wanted, value) {
  throw new Error(`${where} should be ${wanted} and is ${JSON.stringify(value)} (${typeof value})`);
}
