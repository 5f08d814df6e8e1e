"""Draw the map from a question to an estimator, as a picture with links.

It is drawn in the colours of the theme, light or dark. Its boxes lead to pages of the
user guide, and the build stops if one of them does not exist.
"""

from html import escape

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

# Question -> (condition, answer, page of the guide or None for other libraries).
MAP = {
    "A map of points": [
        (
            "far distances are to\nmean something",
            "HeatGeodesicEmbedding",
            "heat_geodesic",
        ),
        ("slow modes of a\nwalk, all paths", "DiffusionMap", "diffusion_map"),
        ("does it cross or\nbranch, and where?", "SingularityScorer", "singularities"),
        ("dimension, bend and\nedge, row by row", "LocalGeometry", "local_geometry"),
        (
            "noise off, and rows\nthat do not belong",
            "ManifoldProjection",
            "manifold_projection",
        ),
        (
            "there is one; distances\nand paths on it",
            "LatentGeometry",
            "latent_geometry",
        ),
        (
            "spaces that share\nsome rows, many of them",
            "RelativeRepresentation",
            "anchors",
        ),
        ("two spaces at hand,\na map between them", "AnchorAlignment", "anchors"),
        (
            "straight distances, and\nnew points have a place",
            "GaussianWeightedLinearEmbedding",
            "gaussian_weighted_linear_embedding",
        ),
        ("codes to search by", "NeighborCCA", "neighbor_cca"),
        (
            "what a target\ndepends on",
            "SufficientSubspace",
            "sufficient_subspace",
        ),
        ("only neighbours count", "t-SNE, UMAP", None),
        ("the data are flat", "PCA", None),
    ],
    "A hierarchy": [
        ("few dimensions,\nlinks are given", "PoincareEmbedding", "poincare"),
        ("a tree or dendrogram,\nall its distances", "TreeEmbedding", "tree_embedding"),
        ("distances, noisy\nor with gaps", "HyperbolicMDS", "hyperbolic_mds"),
        (
            "rows for any learner,\nfrom the ball",
            "HyperbolicCoordinates",
            "hyperbolic_learners",
        ),
        (
            "classes behind\ngeodesic planes",
            "HyperbolicLogisticRegression",
            "hyperbolic_learners",
        ),
        ("fifty dimensions\nor more", "matrix factorisation", None),
    ],
    "Groups": [
        (
            "how good are they? many\nfeatures or clusters",
            "SDPClustering",
            "sdp_clustering",
        ),
        (
            "rows near subspaces:\nimages, tracks",
            "SubspaceClustering",
            "subspace_clustering",
        ),
        (
            "of any shape, with\ngaps around them",
            "SpectralClusterer",
            "spectral_clusterer",
        ),
        (
            "by neighbours, dense\nand loose ones",
            "HubnessReducedNeighbors",
            "hubness",
        ),
        (
            "sites or seasons hold\nthem in other shares",
            "LatentLabelShift",
            "latent_label_shift",
        ),
        ("few of both, and\nno proof needed", "KMeans", None),
        ("number unknown, noise", "HDBSCAN", None),
    ],
    "Few labels": [
        ("classes, on points\nor on a graph", "STKRClassifier", "stkr"),
        ("numbers", "STKRRegressor", "stkr"),
        (
            "labels are places,\nsome have no rows",
            "FrechetMeanClassifier",
            "frechet_mean_classifier",
        ),
        (
            "many labels, classes\nare subspaces",
            "GrassmannClassifier",
            "grassmann_classifier",
        ),
        ("most rows have a label", "SVM, trees", None),
    ],
    "A graph or a mesh": [
        (
            "features of nodes for\nany linear model",
            "GraphRandomFeatures",
            "graph_random_features",
        ),
        ("a function from\nsome values", "GraphKernelRidge", "graph_random_features"),
        ("the same, and how\nfar it may be off", "GraphGPRegressor", "graph_gp"),
        (
            "classes from those\nof some nodes",
            "GraphKernelClassifier",
            "graph_random_features",
        ),
        (
            "classes from labels\none by one",
            "OnlineGraphClassifier",
            "node_embedding",
        ),
        (
            "nodes with features",
            "GraphFeatureExpansion",
            "node_embedding",
        ),
        ("coordinates from\nlinks alone", "NodeEmbedding", "node_embedding"),
        ("classes of millions\nof nodes, fast", "label diffusion", None),
    ],
    "A kernel, many rows": [
        (
            "numbers, a metric\nthat is learned",
            "KernelRegressor",
            "kernel_machines",
        ),
        ("classes, with\nprobabilities", "KernelClassifier", "kernel_machines"),
        ("its components, without\nthe matrix", "KrylovKernelPCA", "kernel_components"),
        (
            "features for any linear\nmodel, kernel kept",
            "OrthogonalRBFSampler",
            "kernel_components",
        ),
        (
            "features of places\non a globe",
            "SphericalHarmonics",
            "spherical_harmonics",
        ),
        ("features for\npredictions", "Nystroem", None),
        ("numbers, and how far\noff they may be", "VecchiaGPRegressor", "vecchia_gp"),
        (
            "classes, and where\nthey are a guess",
            "VecchiaGPClassifier",
            "vecchia_gp_classes",
        ),
    ],
    "Rows that are no vectors": [
        ("many short curves,\nforecasts", "MagmaClust", "magma_clust"),
        (
            "bags of points, histo-\ngrams on a graph",
            "SlicedWassersteinEmbedding",
            "distributions",
        ),
        ("matrices, or\ncovariances of bags", "SPDVectors", "distributions"),
        (
            "directions, matrices,\nat their mean",
            "TangentCoordinates",
            "distributions",
        ),
        ("only means and\nspreads matter", "means, deviations", None),
    ],
    "Factors of a table": [
        ("counts: what comes\ntogether", "PMIEmbedding", "factors"),
        ("rows as sums of\nfew atoms", "SparseDictionary", "factors"),
        (
            "as few axes as\nthe rows need",
            "LeastVolumeAutoencoder",
            "least_volume",
        ),
        (
            "what of a curve an\nanswer depends on",
            "AdaptiveBasisRegressor",
            "adaptive_basis",
        ),
        ("the same of classes", "AdaptiveBasisClassifier", "adaptive_basis"),
        (
            "covariance: dear runs\nand cheap ones",
            "MultiFidelityCovariance",
            "multi_fidelity_covariance",
        ),
        ("parts that add up", "NMF", None),
        ("communities behind\nseveral relations", "NonnegativeRESCAL", "factors"),
    ],
    "Which columns": [
        (
            "columns that a target\ndepends on, one by one",
            "ColumnScreen",
            "column_screens",
        ),
        ("columns that act\ntogether", "KernelRegressor", "kernel_machines"),
        ("slopes are enough", "f_regression", None),
    ],
    "Which rows": [
        (
            "few that stand\nfor all, weighted",
            "KernelCoreset",
            "sample_selection",
        ),
        ("the same, and no\nkernel to choose", "SupportPoints", "sample_selection"),
        ("all kinds, the\nrare ones too", "DiversitySampler", "sample_selection"),
        ("the next ones\nto label", "KernelBatchSelector", "sample_selection"),
        (
            "weights: targets are not\nwhat they were",
            "TargetShiftReweighter",
            "target_shift",
        ),
        ("any will do", "random rows", None),
    ],
    "A density": [
        (
            "of places on a globe,\nof directions",
            "SphereKernelDensity",
            "sphere_densities",
        ),
        (
            "of unit rows, in any\ndimension",
            "VonMisesFisherMixture",
            "sphere_densities",
        ),
        ("of points in space", "GaussianMixture", None),
    ],
}
COLUMN, BOX, GAP, HEAD = 192, 182, 92, 150
WIDTH = COLUMN * len(MAP)
LONGEST = 22


def draw(link):
    """Return the map as SVG; `link` gives the address of a page."""
    height = HEAD + GAP * max(map(len, MAP.values())) + 6
    parts = [
        f'<svg class="decision-map" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="From a question to an estimator; the table below says the same.">',
        box(WIDTH / 2 - 150, 8, 300, 38, "ask", ["What do you want from the data?"]),
    ]
    for number, (question, answers) in enumerate(MAP.items()):
        left = number * COLUMN + (COLUMN - BOX) / 2
        middle = left + BOX / 2
        parts += [
            f'<path d="M {WIDTH / 2} 46 C {WIDTH / 2} 74 {middle} 60 {middle} 88"/>',
            f'<path d="M {middle} 120 V {HEAD + GAP * (len(answers) - 1) + 10}"/>',
            box(left, 88, BOX, 36, "ask", [question]),
        ]
        for row, (condition, answer, page) in enumerate(answers):
            top = HEAD + GAP * row
            lines = condition.split("\n")
            kind = "other" if page is None else "ours"
            shape = box(left, top, BOX, 80, kind, [*lines, answer])
            if page is not None:
                shape = f'<a href="{escape(link(page))}">{shape}</a>'
            parts.append(shape)
    return "\n".join([*parts, "</svg>"])


def box(x, y, width, height, kind, lines):
    """Return a box with lines of text in its middle; the last is the answer."""
    text = []
    for number, line in enumerate(lines):
        last = "answer" if number == len(lines) - 1 else "condition"
        baseline = y + height / 2 + 5 + 19 * (number - (len(lines) - 1) / 2)
        place = f'x="{x + width / 2}" y="{baseline}"'
        # Letters of long names stand closer.
        closer = f' textLength="{width - 12}" lengthAdjust="spacingAndGlyphs"'
        fit = closer if len(line) > LONGEST else ""
        text.append(f'<text class="{last}" {place}{fit}>{escape(line)}</text>')
    rect = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>'
    return f'<g class="{kind}">{rect}{"".join(text)}</g>'


class DecisionMap(SphinxDirective):
    """The map; builders that have no HTML leave it out."""

    def run(self):
        """Return the SVG as raw HTML."""

        def link(page):
            target = f"user_guide/{page}"
            if target not in self.env.found_docs:
                raise ExtensionError(f"The decision map leads to no page: {target}")
            return self.env.app.builder.get_relative_uri(self.env.docname, target)

        return [nodes.raw("", draw(link), format="html")]


def setup(app):
    """Register the directive."""
    app.add_directive("decision-map", DecisionMap)
    return {"version": "1", "parallel_read_safe": True}
