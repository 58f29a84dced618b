// RUN: moec-opt %s --split-input-file --verify-diagnostics

func.func @shapes_number(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.shapes' has [], expected a list of maps, one for each of 1 results}}
  %0 = onnx.Relu(%x) {onnx.shapes = []} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shapes_list(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.shapes' has 1 : i64, expected a list of maps}}
  %0 = onnx.Relu(%x) {onnx.shapes = 1} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shapes_map(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.shapes' has "s0", expected a map over symbols alone}}
  %0 = onnx.Relu(%x) {onnx.shapes = ["s0"]} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shapes_dimensions(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.shapes' has affine_map<(d0) -> (d0)>, expected a map over symbols alone}}
  %0 = onnx.Relu(%x) {onnx.shapes = [affine_map<(d0) -> (d0)>]} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shapes_rank(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.shapes' has 2 extents for 'tensor<?xf32>', expected 1}}
  %0 = onnx.Relu(%x) {onnx.shapes = [affine_map<()[s0] -> (s0, s0)>]} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shapes_extent(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'onnx.shapes' has the extent 5 for 'tensor<4xf32>', expected 4}}
  %0 = onnx.Relu(%x) {onnx.shapes = [affine_map<() -> (5)>]} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Of an op of any dialect.
func.func @shapes_elsewhere(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  // expected-error @+1 {{'onnx.shapes' has 2 extents for 'tensor<6xf32>', expected 1}}
  %0 = tensor.collapse_shape %x [[0, 1]] {onnx.shapes = [affine_map<() -> (2, 3)>]} : tensor<2x3xf32> into tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

func.func @equal_list(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.equal' has "a", expected a list of #onnx.check}}
  %0 = onnx.Relu(%x) {onnx.equal = "a"} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @equal_checks(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'onnx.equal' has [affine_map<()[s0] -> (s0, 2)>], expected a list of #onnx.check}}
  %0 = onnx.Relu(%x) {onnx.equal = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error @+1 {{compares affine_map<(d0)[s0] -> (s0, d0)>, expected two extents over symbols alone}}
#dimensions = #onnx.check<equal, affine_map<(d0)[s0] -> (s0, d0)>, "">

// -----

// expected-error @+1 {{compares affine_map<()[s0] -> (s0)>, expected two extents over symbols alone}}
#one = #onnx.check<at_least, affine_map<()[s0] -> (s0)>, "">

// -----

// expected-error @+1 {{'onnx.equal_nodes' has [1], expected one name for each of 'onnx.equal'}}
func.func @nodes_names() attributes {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 1)>, "">], onnx.equal_nodes = [1]} {
  return
}

// -----

// expected-error @+1 {{'onnx.equal_nodes' has "a", expected one name for each of 'onnx.equal'}}
func.func @nodes_list() attributes {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 1)>, "">], onnx.equal_nodes = "a"} {
  return
}

// -----

// expected-error @+1 {{'onnx.equal_nodes' has ["a", "b"], expected one name for each of 'onnx.equal'}}
func.func @nodes_number() attributes {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 1)>, "">], onnx.equal_nodes = ["a", "b"]} {
  return
}

// -----

// expected-error @+1 {{'onnx.equal_nodes' has ["a"], expected one name for each of 'onnx.equal'}}
func.func @nodes_alone() attributes {onnx.equal_nodes = ["a"]} {
  return
}

// -----

// expected-error @+1 {{'onnx.symbols' has ["a"], expected a module's list of names}}
func.func @symbols_of_a_function() attributes {onnx.symbols = ["a"]} {
  return
}

// -----

// expected-error @+1 {{'onnx.symbols' has "a", expected a module's list of names}}
module attributes {onnx.symbols = "a"} {}

// -----

// expected-error @+1 {{'onnx.symbols' has ["a", 1], expected a module's list of names}}
module attributes {onnx.symbols = ["a", 1]} {}

// -----

// expected-error @+1 {{'onnx.symbols' has "a" twice, expected distinct names}}
module attributes {onnx.symbols = ["a", "b", "a"]} {}

// -----

func.func @shape_of_an_op(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{has 'onnx.shape', which is for arguments; expected 'onnx.shapes'}}
  %0 = onnx.Relu(%x) {onnx.shape = affine_map<()[s0] -> (s0)>} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error @+1 {{'onnx.shape' has 2 extents for 'tensor<?xf32>', expected 1}}
func.func @argument_rank(%x: tensor<?xf32> {onnx.shape = affine_map<()[s0] -> (s0, 4)>}) {
  return
}

// -----

// expected-error @+1 {{'onnx.shape' has [], expected a map over symbols alone}}
func.func @argument_map(%x: tensor<?xf32> {onnx.shape = []}) {
  return
}

// -----

// expected-error @+1 {{argument 1 has 'onnx.shapes', which is for ops; expected 'onnx.shape'}}
func.func @argument_shapes(%x: index, %y: tensor<?xf32> {onnx.shapes = []}) {
  return
}

// -----

// expected-error @+1 {{argument 0 has 'onnx.equal', which is for ops; expected 'onnx.shape'}}
func.func @argument_equal(%x: tensor<?xf32> {onnx.equal = []}) {
  return
}

// -----

// expected-error @+1 {{argument 0 has 'onnx.equal_nodes', which is for ops; expected 'onnx.shape'}}
func.func @argument_nodes(%x: tensor<?xf32> {onnx.equal_nodes = []}) {
  return
}

// -----

// expected-error @+1 {{argument 0 has 'onnx.symbols', which is for ops; expected 'onnx.shape'}}
func.func @argument_symbols(%x: tensor<?xf32> {onnx.symbols = []}) {
  return
}

// -----

// Sound ones: an argument without extents, a map of an extent that only the type
// has, and each kind of check.
module attributes {onnx.symbols = ["a", "b"]} {
  func.func private @sound(%x: index {onnx.shape = affine_map<() -> ()>}, %y: tensor<?x4xf32> {onnx.name = "y", onnx.shape = affine_map<()[s0, s1] -> (s0, 4)>}) -> tensor<?x4xf32> attributes {
      onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1] -> (s0, s1)>, "a">, #onnx.check<differ, affine_map<()[s0, s1] -> (s0, 1)>, "b">],
      onnx.equal_nodes = ["n", "n"]} {
    %0 = onnx.Relu(%y) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], onnx.equal = [#onnx.check<broadcast, affine_map<()[s0, s1] -> (s0, s1)>, "">, #onnx.check<at_least, affine_map<()[s0, s1] -> (s0, 2)>, "c">]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    return %0 : tensor<?x4xf32>
  }
}
