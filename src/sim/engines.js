import { unknownName } from '../base/suggestion.js';
import { printVerilog } from '../dsl/verilog/print.js';
import { portLayout } from './engine.js';
import { interpreter } from './interpret.js';
import { javascriptEngine } from './javascript/engine.js';
import { verilatorEngine } from './verilator.js';
/** Every simulation engine, the default first. */
export const engineNames = ['js', 'interpreter', 'verilator'];
export const engineSummaries = {
    js: 'generated JavaScript, ready in milliseconds',
    interpreter: 'the definition: exact integers, one operation after the other',
    verilator: 'Verilator on the printed Verilog, independent of our own engines',
};
/** Opens a design on an engine; `close` it afterwards. Verilator missing or failing to build is a UserError. */
export const openEngine = (name, module, options = {}) => {
    switch (name) {
        case 'js':
            return javascriptEngine(module, options);
        case 'interpreter':
            return interpreter(module, options);
        case 'verilator':
            return verilatorEngine({ verilog: printVerilog(module), top: module.name, ports: portLayout(module) }, { checks: options.checks ?? true });
    }
};
/** The engine of that name; another name is a UserError that lists them. */
export const engineNamed = (name) => {
    const found = engineNames.find((known) => known === name);
    if (!found)
        throw unknownName('E-ENGINE', 'engine', name, [...engineNames, 'all']);
    return found;
};
