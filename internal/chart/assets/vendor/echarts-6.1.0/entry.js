// What Hansei needs of Apache ECharts; BUILD.md says how the bundle is made.
export {init, getInstanceByDom, version} from 'echarts/core';
import {use} from 'echarts/core';
import {LineChart, BarChart, ScatterChart, CustomChart} from 'echarts/charts';
import {GridComponent, TooltipComponent, MarkLineComponent, MarkAreaComponent} from 'echarts/components';
import {CanvasRenderer, SVGRenderer} from 'echarts/renderers';
use([LineChart, BarChart, ScatterChart, CustomChart, GridComponent, TooltipComponent,
  MarkLineComponent, MarkAreaComponent, CanvasRenderer, SVGRenderer]);
