// Microsoft's own parser on queries: reads lines of JSON as the demo's logs
// tell them, writes for each query what it complains of and which columns it
// expects, as lines of JSON.
const path = require("path");
const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));

const package_ = path.resolve(process.argv[2], "@kusto/language-service-next");
require(path.join(package_, "bridge.min.js"));
require(path.join(package_, "Kusto.Language.Bridge.min.js"));
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

const schema = (columns) => "(" + columns.map(([name, kind]) => `['${name}']: ${kind}`).join(", ") + ")";

function world(alias) {
    const of = (key) => lines.filter((line) => line.workspace === alias && line[key]);
    const tables = of("table").map((line) => Symbols.TableSymbol.From(schema(line.is.columns)).WithName(line.table));
    const lists = of("watchlist");
    // The parser knows no watchlists: the one that a query reads stands for it.
    const functions = (text) => {
        const list = lists.find((line) => text.includes(`_GetWatchlist('${line.watchlist}')`));
        const own = of("function").map((line) => new Symbols.FunctionSymbol.$ctor16(line.function, `(${line.parameters})`, `{ ${line.query} }`));
        if (list) {
            const body = `{ datatable${schema(list.is.columns)}[] }`;
            own.push(new Symbols.FunctionSymbol.$ctor16("_GetWatchlist", "(alias: string)", body));
        }
        return own;
    };
    return (text) => new Symbols.DatabaseSymbol.ctor("workspace", [...tables, ...functions(text)]);
}

const worlds = {};
for (const line of lines.filter((line) => line.query && line.text)) {
    worlds[line.workspace] ??= world(line.workspace);
    const globals = GlobalState.Default.WithDatabase(worlds[line.workspace](line.text));
    const code = KustoCode.ParseAndAnalyze(line.text, globals);
    const found = code.GetDiagnostics();
    const complaints = [];
    for (let n = 0; n < found.Count; n++) {
        const { Code, Severity, Message } = found.getItem(n);
        if (Severity === "Error") complaints.push(`${Code}: ${Message}`);
    }
    const columns = [];
    const type = code.ResultType;
    for (let n = 0; type && type.Columns && n < type.Columns.Count; n++) {
        const column = type.Columns.getItem(n);
        columns.push([column.Name, column.Type.Name]);
    }
    console.log(JSON.stringify({ query: line.query, complaints, columns }));
}
