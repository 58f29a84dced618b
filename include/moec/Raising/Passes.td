//===-- Passes.td - raising passes ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RAISING_PASSES_TD
#define MOEC_RAISING_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseOnnxToMoe : Pass<"raise-onnx-to-moe"> {
  let summary = "recognised MoE layers of the onnx graph become moe ops";
  let description = [{
    Before: the imported graph, in which a layer is one `onnx.MoE` or
    `onnx.QMoE`.

    After: neither. They become `moe.route`, `moe.plan`, `moe.expert_ffn`
    and `moe.combine`, all with the node's name in `moe.layer`. Three-dimensional
    inputs are seen as matrices through views. The routing is ONNX Runtime's on
    the CPU: among equal scores the highest index is chosen; MoE takes the
    softmax over all experts, QMoE over the chosen ones; experts of weight zero
    are skipped, and a row of scores with a NaN gives zeros. Behind the route of
    a node with `router_weights` stands a `moe.reweigh`. `use_sparse_mixer`,
    which that kernel ignores, is honoured.

    Weights come into the form of `moe.expert_ffn` by `tensor.extract_slice` (of
    gates before ups), `onnx.Transpose` and `moe.transpose_codes` (of the older
    layout), which later become part of a parameter's recipe, but for the last.

    With `ort-cpu-compat` ONNX Runtime's CPU kernel is followed everywhere:
    `use_sparse_mixer` is ignored, MoE's weights in the older layout are read as
    if they were in the other, and QMoE's are refused.

    Everything else stays as it is. A form of the two operators that has no
    lowering yet is an error that names the node and the input or attribute;
    all such nodes are reported in one run.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"ortCpuCompat", "ort-cpu-compat", "bool", /*default=*/"false",
           "Follow ONNX Runtime's CPU kernels where they have other rules">];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of MoE layers raised">];
}

def EinsumToMatmul : Pass<"einsum-to-matmul", "::mlir::ModuleOp"> {
  let summary = "Einsum by weights becomes MatMul";
  let description = [{
    Before: the imported graph.

    After: an `onnx.Einsum` whose products each have a weight (a parameter,
    moved, reshaped or gathered from), or an operand that has no dimension of
    its own, is written out from left to right: the former as `onnx.MatMul`, a
    matrix for each element of the dimensions that the weights keep, the latter
    as `onnx.Mul`, sums as `onnx.ReduceSum`. So weights are multiplied in one
    way only, which later passes know.

    Left alone are diagonals, extents that only the run can compare or that
    broadcast, products of two activations, and sums of narrow products, which
    would be rounded one by one.
  }];
  let statistics = [
    Statistic<"numSplit", "num-split", "Number of Einsum taken apart">,
    Statistic<"numLeft", "num-left", "Number of Einsum left alone">];
}

def RaiseDecomposedLayers : Pass<"raise-decomposed-layers", "::mlir::ModuleOp"> {
  let summary = "MoE layers that are written as ordinary operators become moe ops";
  let description = [{
    Before: the imported graph, its parameters folded into recipes.

    After: where the graph chooses experts (TopK or ArgMax along the last
    dimension, one of them within the group that another chose, or a number
    modulo that of the experts), computes them and adds their results by weight,
    there are
    `moe.plan`, one `moe.grouped_matmul` for each product of an expert, the
    expert's other nodes on rows grouped by expert, and `moe.combine`, all
    with the layer's name in `moe.layer`. The weights of the experts are one
    parameter, by recipe. What computes the choice stays as it is.

    Meanings are matched, not spellings: from the ids of the chosen experts,
    facts go forward (this is the mask of expert 3, these are the tokens that
    chose it, these are the rows sorted by expert); from the weighted sum,
    experts are read backwards as functions of one row. `moe.raised_from` of the
    combination says how the layer was laid out:

    | name | layout |
    |---|---|
    | P2 | each expert on all tokens, masked afterwards |
    | P2b | the same, all experts in one value |
    | P3 | each expert on the rows that chose it |
    | P4 | weights gathered for each row |
    | P5 | rows sorted by expert, then cut |
    | P6 | the same, added back where their tokens are |
    | P9 | experts on slots that one-hot tables fill and empty |

    Rows are weighted behind their expert, or, of tokens with one choice, before
    it (Llama 4): there an expert that sees zeros must give zeros. Numbers that
    weighted results are multiplied by become the weights'.

    Choices that a condition on tokens and experts excludes (of which an expert
    takes no more than its capacity) are dropped from the plan. Tokens of a model
    that is compiled for one token count as any others.

    P9 is the layer of GShard, fairseq and V-MoE: a table [tokens, experts, slots]
    is the product of a gate, of a one-hot mask of the expert and of one of the
    slot, `einsum("tec,tm->ecm", table != 0, x)` fills the slots,
    `einsum("tec,ecm->tm", table, y)` takes results back; Einsum or MatMul, experts
    at once or one after the other, in groups of tokens or in one. It is raised
    where no two tokens have the same slot: slots are numbered by a running sum of
    the mask itself along the tokens (of one choice, or of all choices of a token
    together), and the second choices follow the number of all first ones. What is
    taken back must come from slots that were filled; a table that is tested by
    `> 0` needs gates that are not below zero. A slot without a token holds zeros,
    and what an expert makes of it is multiplied by zero: it is not computed.

    Choices made one after the other (each the largest of what the one before it
    left, as NLLB-MoE's) lead to a layer of all of them where their weights are
    added up to one number for each token and expert. An expert that has one
    weight for a token adds something once, however often the token chose it.

    Experts may normalise rows. A vector of each expert that is no bias is a
    product of the number 1 with a matrix of one row.

    Experts may be of several kinds: of other operators or widths than the rest,
    or without weights, as those that hand a token on. Each kind has a
    plan, whose `moe.own_experts` says which experts of the source it has, and a
    combination; these are added. An expert of zeros is of no kind, and neither
    are the last ones where the graph has no network for them and asks nothing
    about them: zero experts that a loop leaves out.

    A layer is left alone where an expert is no function of a row, sees the rows
    of another, or is read by another node; a remark names the node at which the match
    stopped. Of a choice that leads to no weighted sum it names the node that
    reads what is known of the choice and of which nothing is, where there are as
    many networks as are chosen among: a TopK of words, beams or groups is none
    of experts. A choice whose row of scores has a NaN gives what the weights of
    the source say; only zero times infinity or NaN, of experts that were not
    chosen, is not computed. With `keep-nan` such layers (P2, P2b, P9) stay as
    they are.

    Choices that are put together of several may be the same: then an expert
    counts twice. Where the graph sets what a choice adds (its weight in a table
    of experts, its row among those of the tokens) instead of adding it, only the
    last of them would count, and the layer is left alone. It is raised where the
    choices are rounds, each of the largest score that those before it left, by
    -infinity in place of theirs, and weighted by the softmax of what was left,
    from which a comparison may take more away. A round then repeats a choice
    only in a row that is -infinity throughout or has a NaN, where its weight,
    the last one set, is NaN; so is the token's result, in the graph and in the
    layer. A large finite number in place of -infinity proves nothing.

    A warning names a choice of which the graph computes some experts only, or as
    many as a loop over those that were hit had when it was traced: the file is
    wrong for inputs that choose others. It is given where every use of the
    choice is understood, and some number of an expert has none.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::moec::param::ParamDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"model", "model", "std::string", /*default=*/"\"\"",
           "The model whose files have the parameters, where the tool does not "
           "know it">,
    Option<"keepNan", "keep-nan", "bool", /*default=*/"false",
           "Leave layers alone that compute experts which are not chosen, for "
           "zero times their NaN would vanish">];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of MoE layers raised">,
    Statistic<"numMissed", "num-missed", "Number of choices of experts whose layer was left alone">,
    Statistic<"numBaked", "num-baked", "Number of those of which the graph has some experts only">];
}

def WarnBakedExtents : Pass<"warn-baked-extents", "::mlir::ModuleOp"> {
  let summary = "warns of numbers of the example input that a model was exported with";
  let description = [{
    Before and after: the imported graph, with what shape inference could not
    decide in `onnx.equal`.

    A warning names the first node that holds only where an extent of the inputs
    is one number: a Reshape, Expand or Split that states it, or an elementwise
    node that meets it in a constant. Such a file runs with inputs like the one
    that it was exported with, and ends with `shape_mismatch` for others.
    Extents that a run counts do not matter, nor do those that `--dim` fixes.
  }];
  let statistics = [
    Statistic<"numBaked", "num-baked", "Number of extents that are demanded to be a number">];
}

def RaiseRouters : Pass<"raise-routers", "::mlir::ModuleOp"> {
  let summary = "what computes the choice of a layer becomes moe.route";
  let description = [{
    Before: a `moe.plan` whose ids come of TopK, or of the rounds of a sparse mixer,
    and a `moe.combine` whose weights are arithmetic on the same scores, as
    `raise-decomposed-layers` leaves them.

    After: one `moe.route` for both, with `propagate_nan` and the tie rule of TopK
    (lowest index). Read are, in f32:
    * scores: softmax over all, sigmoid, none; softmax over the chosen;
    * a selection bias that counts for the choice alone;
    * groups: the `groups_kept` best of them by their largest or the sum of their
      two largest keys, the others filled with a constant;
    * weights: the chosen keys, or the scores looked up by the ids; divided by their
      sum or norm (plus an epsilon, and no less than a constant); times a constant,
      and times a parameter's number of each expert, looked up by the ids;
    * rounds of ArgMax or TopK, of which each leaves out what those before it chose,
      weighted by the softmax of what is near the largest: a sparse mixer.

    Weights that are one constant leave those of the experts' inputs to other nodes:
    then TopK alone becomes `moe.route`, of scores as they are.

    Where the choice is read by another node, or something else stands in between,
    the nodes stay as they are, and a remark names the one at which the match
    stopped.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numRouters", "num-routers", "Number of routers raised">];
}

def FuseExperts : Pass<"moe-fuse-experts", "::mlir::ModuleOp"> {
  let summary = "products of experts take what stands around them in";
  let description = [{
    Before: `moe.grouped_matmul` and elementwise nodes on rows grouped by expert,
    as `raise-decomposed-layers` makes them.

    After:
    * a product that is only cut along its columns (Split, Slice) is one product
      for each part, on a part of the weights, by recipe;
    * an activation that follows a product, as one node or as its composition
      (x sigmoid(x), 0.5 x (1 + erf(x / sqrt 2)), ...), is that product's;
    * gate and up projections of the same rows are one product with interleaved
      columns and the activation `swiglu`, its constants those of the graph;
    * two products in a row are one `moe.expert_ffn`.

    No weight is moved: recipes are. What does not fit stays as it is: a remark
    says of each layer whether its experts are a network, or what stands between
    their products, and the debug output of the patterns why they do not fit.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::moec::param::ParamDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numActivations", "num-activations", "Number of activations taken into products">,
    Statistic<"numGates", "num-gates", "Number of pairs of gate and up projections merged">,
    Statistic<"numNetworks", "num-networks", "Number of networks made of two products">];
}

def RaiseMatmulToGrouped : Pass<"raise-matmul-to-grouped"> {
  let summary = "matrix products become grouped products, which have a schedule";
  let description = [{
    Before: `onnx.MatMul` and `onnx.Gemm`.

    After: one of `x [.., K]`, of rank 2 or more, with a weight parameter
    `[K, N]` is a `moe.grouped_matmul` with one expert that all rows belong to;
    so is a Gemm with alpha and beta of 1 that leaves x as it is, multiplies by
    W or its transpose, and adds at most one vector to each row.
    With `[B.., K, N]` each matrix is an expert, whose rows are those that it
    meets; rows that it shares with others are repeated.
    Dense layers so share the packed weights and the schedule of the experts.

    A product of two values of the run, such as queries and keys or
    probabilities and values, becomes one without offsets: each matrix of
    `[B.., K, N]` has as many rows as any other, and stays as it lies (layout
    `kn`), so that nothing is packed. A Transpose of its last two dimensions in
    front of it is folded (layout `nk`), and one that does more leaves at least
    these two in order. Rows with fewer matrices or an extent of one are
    repeated; matrices are shared by all rows behind an extent of one, but where
    other matrices lie between these rows the product stays as it is.

    Products of f64 or of integers, of vectors, with constants, empty ones and
    those known to have 2^31 rows or more stay as they are. Of others a run with
    so many rows ends with `shape_mismatch`. The pass refuses nothing.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numRaised", "num-raised", "Number of products raised">,
    Statistic<"numLeft", "num-left", "Number of products left alone">];
}

def EliminateDeadExperts : Pass<"moe-eliminate-dead-experts", "::mlir::ModuleOp"> {
  let summary = "experts that cannot change the result of their layer go";
  let description = [{
    Before: routed layers whose weights are parameters.

    After: layers without the experts that are dead. The router is as it was: it
    chooses among all experts of the source. `moe.plan` has a table `groups`,
    which leads from them to those that are left, and the parameters are what is
    left of them, by recipe. An expert is dead where

    * `duplicate`: all its weights are those of an earlier expert, byte by byte;
      its choices then lead to the other's;
    * `zero`: the weights and the bias of its last product are zero (codes that
      are their zero points are, too); its choices lead nowhere, and count as
      rows of zeros;
    * `masked`: constants keep it from being chosen (a bias of -inf with enough
      others beside it, or a finite one that no input makes up for), or from any
      weight;
    * `unreachable`: at least as many others as are chosen have a larger key for
      every input, by the router's rows and a bound on its input (a
      normalisation, Sigmoid, Tanh, Softmax or Clip before it);
    * `profile`: `expert-profile` saw it in a smaller share of the layer's choices
      than `drop-below`. This one changes results: the expert gets a selection
      bias of -inf, so that the next best takes its place, and a choice that
      groups with a finite fill still give it leads nowhere. Enough stay to choose
      from.

    The bounds hold for the numbers as they are computed, by the formulas of
    docs/rationale/dead-experts.md. Rows with NaN or infinities are excepted
    from the last three. `moe.dead_experts` on the plan has the certificates.
    An expert with a row of zeros in its router is none of these, unless enough
    others have such rows, and come first by their biases or, of equal ones, by
    the tie rule: a router of zeros chooses the same for every row. A row of one
    large negative number is none either, and is warned of.

    Where experts are of several kinds, each kind has a table and weights of its
    own, of which it loses those that are dead; duplicates are of one kind.
  }];
  let dependentDialects = ["::moec::moe::MoeDialect",
                           "::moec::param::ParamDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"model", "model", "std::string", /*default=*/"\"\"",
           "The model whose files have the parameters, where the tool does not "
           "know it">,
    Option<"keepNan", "keep-nan", "bool", /*default=*/"false",
           "Keep experts that only give zero, or only have the weight zero: zero "
           "times NaN is NaN">,
    Option<"expertProfile", "expert-profile", "std::string", /*default=*/"\"\"",
           "Which experts were chosen, as moec-run --profile writes it">,
    Option<"dropBelow", "drop-below", "double", /*default=*/"0.0",
           "The share of a layer's choices below which an expert goes">];
  let statistics = [
    Statistic<"numProfiled", "num-profiled", "Number of experts that a profile hardly ever saw">,
    Statistic<"numDuplicates", "num-duplicates", "Number of experts that share another's weights">,
    Statistic<"numZero", "num-zero", "Number of experts removed because they give zero">,
    Statistic<"numMasked", "num-masked", "Number of experts removed because constants mask them">,
    Statistic<"numUnreachable", "num-unreachable", "Number of experts removed because others always win">];
}

#endif // MOEC_RAISING_PASSES_TD
