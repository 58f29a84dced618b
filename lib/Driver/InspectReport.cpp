//===-- InspectReport.cpp - what moec inspect prints ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InspectReport.h"

#include "Artifacts.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace moec;

namespace json = llvm::json;

namespace {
/// Columns that line up.
class Table {
public:
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }

  void print(llvm::raw_ostream &os) const {
    std::vector<size_t> widths;
    for (const auto &row : rows)
      for (auto [column, text] : llvm::enumerate(row)) {
        widths.resize(std::max(widths.size(), column + 1));
        widths[column] = std::max(widths[column], text.size());
      }
    for (const auto &row : rows) {
      std::string line;
      for (auto [column, text] : llvm::enumerate(row))
        line += "  " + text + std::string(widths[column] - text.size(), ' ');
      os << llvm::StringRef(line).rtrim() << "\n";
    }
  }

private:
  std::vector<std::vector<std::string>> rows;
};
} // namespace

std::string moec::toPrintable(llvm::StringRef text) {
  std::string result;
  for (char letter : text)
    result += static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f
                  ? '?'
                  : letter;
  return llvm::json::fixUTF8(result);
}

static json::Array describeDeclared(llvm::ArrayRef<DeclaredValue> values) {
  json::Array result;
  for (const DeclaredValue &value : values) {
    json::Array shape;
    for (const std::string &dim : value.shape) {
      int64_t number;
      if (!llvm::StringRef(dim).getAsInteger(10, number))
        shape.push_back(number);
      else
        shape.push_back(toPrintable(dim));
    }
    result.push_back(json::Object{{"name", toPrintable(value.name)},
                                  {"type", value.type},
                                  {"shape", std::move(shape)}});
  }
  return result;
}

void moec::printJson(Findings &findings) {
  const ModelSummary &summary = findings.summary;
  json::Array unsupported;
  for (const UnsupportedNode &node : findings.unsupported)
    unsupported.push_back(json::Object{{"node", toPrintable(node.name)},
                                       {"op", toPrintable(node.opType)},
                                       {"domain", toPrintable(node.domain)},
                                       {"version", node.version},
                                       {"reason", toPrintable(node.reason)},
                                       {"advice", toPrintable(node.advice)}});
  json::Object opsets, operators;
  for (const auto &[domain, version] : summary.opsets)
    opsets[toPrintable(domain)] = version;
  for (const auto &[op, count] : summary.operators)
    operators[toPrintable(op)] = count;
  // The keys of a library's manifest; what only a library has is null.
  json::Object object{
      {"name", findings.name},
      {"inputs", findings.isImported ? describeValues(findings.interface.inputs)
                                     : describeDeclared(summary.inputs)},
      {"outputs", findings.isImported
                      ? describeValues(findings.interface.outputs)
                      : describeDeclared(summary.outputs)},
      {"aliases", describeAliases(findings.interface)},
      {"model_sha256", summary.sha256},
      {"build_id", nullptr},
      {"compiler", "moec " MOEC_VERSION},
      {"targets", json::Array()},
      {"disabled_passes", json::Array()},
      {"dims", nullptr},
      {"drop_below", nullptr},
      {"expert_profile", nullptr},
      {"keep_nan_propagation", nullptr},
      {"ort_cpu_compat", nullptr},
      {"weights_bytes", summary.bytes},
      {"peak_bytes", std::move(findings.peakBytes)},
      {"tolerance", std::move(findings.tolerance)},
      {"moe_layers", std::move(findings.layers)},
      {"parameters_total", findings.parameters.total},
      {"parameters_active", findings.isPartial
                                ? json::Value(nullptr)
                                : json::Value(findings.parameters.active)},
      {"partial", findings.isPartial},
      {"ir_version", summary.irVersion},
      {"producer", toPrintable(summary.producer)},
      {"opsets", std::move(opsets)},
      {"operators", std::move(operators)},
      {"unsupported_nodes", std::move(unsupported)}};
  llvm::outs() << llvm::formatv("{0:2}", json::Value(std::move(object)))
               << "\n";
}

/// 12345678 as "12,345,678".
static std::string group(int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = int(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(size_t(at), ",");
  return digits;
}

static void addValues(Table &table, llvm::StringRef role,
                      const json::Array &values) {
  for (const json::Value &value : values) {
    const json::Object &object = *value.getAsObject();
    std::string shape;
    for (const json::Value &dim : *object.getArray("shape"))
      shape += (shape.empty() ? "" : ", ") +
               (dim.getAsString() ? dim.getAsString()->str()
                                  : std::to_string(*dim.getAsInteger()));
    table.add({role.str(), toPrintable(*object.getString("name")),
               getOnnxTypeName(int32_t(*object.getInteger("type"))),
               "[" + shape + "]"});
  }
}

static std::string textOf(const json::Object &object, llvm::StringRef key) {
  if (auto text = object.getString(key))
    return toPrintable(*text);
  auto number = object.getInteger(key);
  return number ? group(*number) : "-";
}

/// How much less the second number is than the first.
static std::string describeSaving(const json::Object &layer,
                                  llvm::StringRef dense,
                                  llvm::StringRef routed) {
  auto all = layer.getInteger(dense), own = layer.getInteger(routed);
  if (!all || !own || *all <= 0)
    return "-";
  return llvm::formatv("{0:f1} %", 100.0 * double(*all - *own) / double(*all));
}

/// "2 masked, 1 zero"; "-" for none.
static std::string describeDead(const json::Object &layer) {
  std::map<std::string, unsigned> causes;
  if (const json::Array *dead = layer.getArray("dead_experts"))
    for (const json::Value &value : *dead)
      if (const json::Object *expert = value.getAsObject())
        ++causes[textOf(*expert, "cause")];
  std::string text;
  for (const auto &[cause, count] : causes)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + cause;
  return text.empty() ? "-" : text;
}

/// What a layer costs a token, and what routing saves of that.
static void printCosts(const json::Array &layers, llvm::raw_ostream &os) {
  static constexpr const char *flops[] = {"flops_per_token_dense",
                                          "flops_per_token_routed"};
  static constexpr const char *bytes[] = {"weight_bytes_per_token_dense",
                                          "weight_bytes_per_token_routed"};
  Table table;
  table.add({"layer", "FLOPs of all", "routed", "saved", "bytes of all",
             "routed", "saved", "dead experts"});
  bool isKnown = false;
  for (const json::Value &value : layers) {
    const json::Object &layer = *value.getAsObject();
    isKnown |= layer.getInteger(flops[0]).has_value();
    table.add({textOf(layer, "name"), textOf(layer, flops[0]),
               textOf(layer, flops[1]),
               describeSaving(layer, flops[0], flops[1]),
               textOf(layer, bytes[0]), textOf(layer, bytes[1]),
               describeSaving(layer, bytes[0], bytes[1]), describeDead(layer)});
  }
  if (!isKnown)
    return;
  os << "\nfor each token, of all experts and of those it is routed to:\n";
  table.print(os);
}

static void printLayers(const json::Array &layers, llvm::raw_ostream &os) {
  static constexpr std::pair<const char *, const char *> columns[] = {
      {"layer", "name"},
      {"experts", "experts"},
      {"top-k", "top_k"},
      {"router", "router"},
      {"hidden", "hidden"},
      {"intermediate", "intermediate"},
      {"activation", "activation"},
      {"weights", "weights"},
      {"parameters", "parameters_total"},
      {"active", "parameters_active"},
      {"raised from", "raised_from"}};
  if (layers.empty())
    return;
  Table table;
  std::vector<std::string> head;
  for (const auto &[title, key] : columns)
    head.push_back(title);
  table.add(std::move(head));
  for (const json::Value &value : layers) {
    std::vector<std::string> row;
    for (const auto &[title, key] : columns)
      row.push_back(textOf(*value.getAsObject(), key));
    table.add(std::move(row));
  }
  table.print(os);
  printCosts(layers, os);
}

void moec::printText(const Findings &findings) {
  const ModelSummary &summary = findings.summary;
  llvm::raw_ostream &os = llvm::outs();
  os << findings.name << ": ONNX IR version " << summary.irVersion;
  for (const auto &[domain, version] : summary.opsets)
    os << ", " << toPrintable(domain) << " " << version;
  if (!summary.producer.empty())
    os << ", made by " << toPrintable(summary.producer);
  os << "\n\n";
  Table values;
  addValues(values, "input",
            findings.isImported ? describeValues(findings.interface.inputs)
                                : describeDeclared(summary.inputs));
  addValues(values, "output",
            findings.isImported ? describeValues(findings.interface.outputs)
                                : describeDeclared(summary.outputs));
  values.print(os);

  Table sums;
  sums.add({"parameters", group(findings.parameters.total)});
  sums.add({"of them active", findings.isPartial
                                  ? "unknown"
                                  : group(findings.parameters.active)});
  sums.add({"bytes of weights", group(summary.bytes)});
  os << "\n";
  sums.print(os);

  os << "\nMoE layers: "
     << (findings.layers.empty() ? std::string("none found")
                                 : std::to_string(findings.layers.size()))
     << (findings.isPartial ? ", of which only nodes MoE and QMoE are looked "
                              "for in a model that cannot be compiled"
                            : "")
     << "\n";
  printLayers(findings.layers, os);

  if (findings.unsupported.empty())
    return;
  os << "\nunsupported nodes: " << findings.unsupported.size() << "\n";
  Table nodes;
  nodes.add({"node", "operator", "domain", "version", "why"});
  for (const UnsupportedNode &node : findings.unsupported)
    nodes.add({toPrintable(node.name), toPrintable(node.opType),
               toPrintable(node.domain), std::to_string(node.version),
               toPrintable(node.reason + "; " + node.advice)});
  nodes.print(os);
}
